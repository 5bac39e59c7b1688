//! The outcomes of administrative procedures: the building permit and the certificate.
//!
//! Owners, plots and enterprises are invented; identity numbers are drawn, not copied.

use crate::{
    agencies::{self, Agency},
    bodies::{Block, Body, bases, say},
    chance::Chance,
    draft::Date,
};

/// Twelve digits or nine, by the time's identity card.
fn identity(chance: &mut Chance, year: i32) -> String {
    let digits = if year >= 2016 { 12 } else { 9 };
    (0..digits).map(|_| char::from(b'0' + chance.below(10) as u8)).collect()
}

/// A permit to build a house.
pub(crate) fn permit(chance: &mut Chance, agency: &Agency, date: Date) -> (String, Body) {
    let subject = "Sử dụng cho công trình nhà ở riêng lẻ".to_owned();
    let area = chance.between(60, 240);
    let floors = chance.between(1, 4);
    let head = vec![
        say(format!(
            "1. Cấp cho: Ông (bà) {}, số chứng minh nhân dân (căn cước) {}; địa chỉ thường trú: thôn {}, {}, tỉnh {}.",
            agencies::person(chance),
            identity(chance, date.year),
            chance.between(1, 9),
            agency.district,
            agency.province
        )),
        say(format!(
            "2. Được phép xây dựng công trình nhà ở riêng lẻ trên thửa đất số {}, tờ bản đồ số {}, diện tích {area},{} m², tại {}, tỉnh {}.",
            chance.between(11, 980),
            chance.between(1, 64),
            chance.between(0, 9),
            agency.district,
            agency.province
        )),
        say(format!(
            "- Diện tích xây dựng tầng 1: {} m²; tổng diện tích sàn: {} m²; số tầng: {floors:02}; chiều cao công trình: {},{} m;",
            area * 7 / 10,
            area * 7 / 10 * floors,
            floors * 4,
            chance.between(0, 9)
        )),
        say(format!(
            "- Cốt nền xây dựng: +0,{} m so với cốt vỉa hè; mật độ xây dựng: {}%.",
            chance.between(2, 6),
            chance.between(60, 80)
        )),
        say(format!(
            "3. Giấy tờ về quyền sử dụng đất: Giấy chứng nhận số vào sổ {} do {} cấp ngày {}.",
            chance.between(100, 9800),
            agency.name,
            Date { year: date.year - 1, ..date }.short()
        )),
        say("*Chủ đầu tư phải thực hiện các nội dung sau:*"),
    ];
    let tail = vec![say(
        "Giấy phép này có hiệu lực khởi công xây dựng trong thời hạn 12 tháng kể từ ngày ký; quá thời hạn trên phải đề nghị gia hạn giấy phép./.",
    )];
    (subject, Body { head, clauses: conditions(chance), tail, ..Body::default() })
}

/// A certificate of conformity for a business.
pub(crate) fn certificate(chance: &mut Chance, agency: &Agency, date: Date) -> (String, Body) {
    const PURPOSES: [(&str, &str); 3] = [
        ("Cơ sở đủ điều kiện an toàn thực phẩm", "chế biến thủy sản và nước mắm"),
        ("Đủ điều kiện kinh doanh dược", "bán lẻ thuốc tân dược"),
        ("Hộ kinh doanh đủ điều kiện về an ninh, trật tự", "cho thuê lưu trú"),
    ];
    let (subject, trade) = *chance.pick(&PURPOSES);
    let mut head = bases(date);
    head.push(Block::Heading("CHỨNG NHẬN:".to_owned()));
    head.push(say(format!(
        "Cơ sở: *{} {}*, do ông (bà) {} làm chủ, số chứng minh nhân dân (căn cước) {}.",
        ["Hộ kinh doanh", "Cửa hàng", "Doanh nghiệp tư nhân"][chance.below(3)],
        ["Thuận Phát", "Hải Yến", "An Bình", "Tân Lợi", "Minh Châu"][chance.below(5)],
        agencies::person(chance),
        identity(chance, date.year)
    )));
    head.push(say(format!(
        "Địa điểm kinh doanh: số {} đường {}, {}, tỉnh {}.",
        chance.between(3, 480),
        ["Trần Phú", "Lê Lợi", "Nguyễn Huệ", "Hùng Vương"][chance.below(4)],
        agency.district,
        agency.province
    )));
    head.push(say(format!(
        "Đủ điều kiện hoạt động trong lĩnh vực: {trade}, theo Biên bản thẩm định số {}/BB-TĐ ngày {}.",
        chance.between(2, 190),
        Date { day: 1, ..date }.short()
    )));
    head.push(say("*Cơ sở có trách nhiệm:*"));
    let tail = vec![say(format!(
        "Giấy chứng nhận này có giá trị đến ngày {} và thay thế giấy đã cấp trước đây (nếu có)./.",
        Date { year: date.year + 3, ..date }.short()
    ))];
    (subject.to_owned(), Body { head, clauses: conditions(chance), tail, ..Body::default() })
}

fn conditions(chance: &mut Chance) -> Vec<Block> {
    const DUTIES: [&str; 12] = [
        "Chấp hành đầy đủ các quy định của pháp luật về đất đai, xây dựng, môi trường và phòng cháy, chữa cháy",
        "Treo biển thông báo tại địa điểm với đủ các nội dung theo quy định",
        "Thông báo bằng văn bản cho cơ quan cấp phép trước khi khởi công hoặc bắt đầu hoạt động bảy ngày",
        "Xuất trình giấy này cho cơ quan có thẩm quyền khi được yêu cầu",
        "Không được tự ý tẩy xóa, sửa chữa, cho mượn hoặc chuyển nhượng giấy này",
        "Khi có thay đổi so với nội dung đã được cấp phải đề nghị điều chỉnh và chờ quyết định của cơ quan cấp",
        "Thu gom, xử lý chất thải và nước thải, không làm ảnh hưởng đến các hộ liền kề",
        "Bảo đảm an toàn lao động, bố trí lối thoát nạn và phương tiện chữa cháy ban đầu",
        "Thực hiện đúng hồ sơ đã được thẩm định và lưu giữ tại cơ sở để phục vụ công tác kiểm tra",
        "Nộp phí, lệ phí và thực hiện nghĩa vụ tài chính đúng thời hạn",
        "Định kỳ sáu tháng báo cáo tình hình hoạt động với cơ quan quản lý trên địa bàn",
        "Bồi thường thiệt hại cho tổ chức, cá nhân nếu để xảy ra sự cố do lỗi của mình",
    ];
    const WHY: [&str; 4] = [
        "",
        "; mọi vi phạm sẽ bị xử lý theo quy định hiện hành",
        "; cơ quan cấp giấy có quyền kiểm tra bất cứ lúc nào",
        "; trường hợp bất khả kháng phải báo ngay cho Ủy ban nhân dân cấp xã",
    ];
    // Twice through the list: a long form repeats itself less than a short one would if stretched.
    let mut clauses = Vec::new();
    for _ in 0..2 {
        for duty in chance.shuffled(&DUTIES) {
            let number = clauses.len() + 1;
            clauses.push(say(format!("{number}. {duty}{}.", chance.pick(&WHY))));
        }
    }
    clauses
}
