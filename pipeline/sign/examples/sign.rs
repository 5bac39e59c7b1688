//! Signs one PDF with a test authority: `sign IN.pdf OUT.pdf FOLDER`, by hand.

use std::path::Path;

use chrono::{FixedOffset, Utc};
use sohoa_sign::{
    Appearance, FontFile, SignRequest, sign_pdf,
    test_ca::{Subject, TestAuthority},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, folder] = arguments.as_slice() else {
        return Err("usage: sign IN.pdf OUT.pdf FOLDER".into());
    };
    let agency = "Sở Thử nghiệm và Kiểm định chất lượng số hóa";
    let subject = Subject {
        common_name: agency.to_owned(),
        organisation: "Ủy ban nhân dân tỉnh Mẫu".to_owned(),
        locality: "Mẫu".to_owned(),
        user_id: Some("MST:0000000000".to_owned()),
        ..Subject::default()
    };
    let now = Utc::now();
    let mut authority = TestAuthority::in_folder(Path::new(folder));
    if !authority.exists() {
        authority = TestAuthority::create(Path::new(folder), &subject, now)?;
    }
    let hanoi = FixedOffset::east_opt(7 * 3600).ok_or("no such offset")?;
    let signing_time = now.with_timezone(&hanoi);
    let font = FontFile::load(Path::new("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"))?;
    let request = SignRequest {
        field_name: "AgencySignature".to_owned(),
        appearance: Some(Appearance::of_copy("SAO Y", agency, signing_time, font)),
        signing_time,
        reason: None,
        location: None,
    };
    let signed = sign_pdf(Path::new(input), Path::new(output), &request, &authority.load()?)?;
    println!("{} {:?} {} bytes", signed.field_name, signed.byte_range, signed.size);
    Ok(())
}
