//! What each kind of document says: its subject, legal bases, clauses and closing.
//!
//! A body has a fixed head and tail and any number of clauses between them, so that the layout can
//! take as many as fill the wanted pages. No text cites a law younger than the document.

use crate::{
    agencies::{self, Agency, Level},
    chance::Chance,
    draft::{Date, Kind},
    results,
    table::Table,
    topics::{self, Topic, capital},
};

/// Clauses drawn for each document: enough for more than three pages.
const CLAUSES: usize = 44;

/// A piece of a body.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    /// A centred bold line, such as `QUYẾT ĐỊNH:`.
    Heading(String),
    /// A paragraph, with markup.
    Paragraph(String),
    Table(Table),
}

/// The parts of a body in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    /// `Kính gửi`.
    pub(crate) addressees: Vec<String>,
    pub(crate) head: Vec<Block>,
    pub(crate) clauses: Vec<Block>,
    pub(crate) tail: Vec<Block>,
}

/// Subject and body of a document.
pub(crate) fn draw(
    chance: &mut Chance,
    kind: Kind,
    agency: &Agency,
    about: (&Topic, Date),
) -> (String, Body) {
    let (topic, date) = about;
    match kind {
        Kind::BienBan => minutes(chance, agency, topic, date),
        Kind::CongVan => letter(chance, agency, topic, date),
        Kind::GiayChungNhan => results::certificate(chance, agency, date),
        Kind::GiayPhep => results::permit(chance, agency, date),
        Kind::KeHoach => plan(chance, agency, topic, date),
        Kind::QuyetDinh => decision(chance, agency, topic, date),
        Kind::ThongBao => notice(chance, agency, topic, date),
        Kind::ToTrinh => proposal(chance, agency, topic, date),
    }
}

/// A paragraph.
pub(crate) fn say(text: impl Into<String>) -> Block {
    Block::Paragraph(text.into())
}

/// The laws the agency acts under, none younger than the document.
pub(crate) fn bases(date: Date) -> Vec<Block> {
    let own = match date.year {
        ..=2003 => {
            "Căn cứ Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân (sửa đổi) ngày 21 tháng 6 năm 1994;"
        }
        2004..=2015 => {
            "Căn cứ Luật Tổ chức Hội đồng nhân dân và Ủy ban nhân dân ngày 26 tháng 11 năm 2003;"
        }
        _ => "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;",
    };
    let records = match date.year {
        ..=2004 => "Căn cứ Pháp lệnh Lưu trữ quốc gia ngày 04 tháng 4 năm 2001;",
        2005..=2010 => {
            "Căn cứ Nghị định số 110/2004/NĐ-CP ngày 08 tháng 4 năm 2004 của Chính phủ về công tác văn thư;"
        }
        2011..=2020 => {
            "Căn cứ Nghị định số 63/2010/NĐ-CP ngày 08 tháng 6 năm 2010 của Chính phủ về kiểm soát thủ tục hành chính;"
        }
        _ => {
            "Căn cứ Nghị định số 45/2020/NĐ-CP ngày 08 tháng 4 năm 2020 của Chính phủ về thực hiện thủ tục hành chính trên môi trường điện tử;"
        }
    };
    // The archives ordinance came into force in 2001.
    let cited = if date.year < 2002 { &[own][..] } else { &[own, records][..] };
    cited.iter().map(|line| say(format!("_{line}_"))).collect()
}

fn duties(chance: &mut Chance, topic: &Topic, date: Date) -> Vec<Block> {
    (1..=CLAUSES)
        .map(|number| say(format!("{number}. {}", topics::duty(chance, topic, date.year))))
        .collect()
}

fn decision(chance: &mut Chance, agency: &Agency, topic: &Topic, date: Date) -> (String, Body) {
    let subject = match chance.below(3) {
        0 => format!("Về việc ban hành {}", topic.programme),
        1 => format!("Phê duyệt {} năm {}", topic.programme, date.year),
        _ => format!("Về việc {}", topic.about),
    };
    let mut head = bases(date);
    head.push(say(format!(
        "_Xét đề nghị của {} tại Tờ trình số {}/TTr-VP ngày {},_",
        topics::actor(chance),
        chance.between(11, 480),
        Date { day: 1, ..date }.short()
    )));
    head.push(Block::Heading("QUYẾT ĐỊNH:".to_owned()));
    head.push(say(format!(
        "*Điều 1.* Ban hành kèm theo Quyết định này {} trên địa bàn {} năm {}, với mục tiêu {}.",
        topic.programme, agency.province, date.year, topic.aims[0]
    )));
    head.push(say("*Điều 2.* Phân công tổ chức thực hiện như sau:"));
    let tail = vec![say(format!(
        "*Điều 3.* {}, Thủ trưởng các cơ quan, đơn vị có liên quan chịu trách nhiệm thi hành Quyết định này kể từ ngày ký./.",
        capital(topics::actor(chance))
    ))];
    let clauses = duties(chance, topic, date);
    (subject, Body { head, clauses, tail, ..Body::default() })
}

fn letter(chance: &mut Chance, agency: &Agency, topic: &Topic, date: Date) -> (String, Body) {
    let subject = format!("V/v {}", topic.about);
    let addressees = if chance.happens(0.5) {
        vec![capital(topics::actor(chance))]
    } else {
        let mut all: Vec<String> = Vec::new();
        while all.len() < 3 {
            let next = format!("- {};", capital(topics::actor(chance)));
            if !all.contains(&next) {
                all.push(next);
            }
        }
        if let Some(last) = all.last_mut() {
            *last = last.replace(';', ".");
        }
        all
    };
    let head = vec![
        say(format!(
            "Thực hiện Kế hoạch số {}/KH-UBND ngày {} của Ủy ban nhân dân tỉnh {} về {}, {} đề nghị các cơ quan, đơn vị thực hiện một số nội dung sau:",
            chance.between(3, 210),
            Date { day: 2, month: 1, ..date }.short(),
            agency.province,
            topic.about,
            agency.name
        )),
        say(topics::situation(chance, topic, agency)),
    ];
    let tail = vec![say(format!(
        "Đề nghị các cơ quan, đơn vị quan tâm thực hiện và gửi báo cáo bằng văn bản về {} trước ngày {} để tổng hợp./.",
        agency.name,
        date.later(20).short()
    ))];
    (subject, Body { addressees, head, clauses: duties(chance, topic, date), tail })
}

fn notice(chance: &mut Chance, agency: &Agency, topic: &Topic, date: Date) -> (String, Body) {
    let subject = match chance.below(2) {
        0 => format!("Kết luận của {} tại cuộc họp về {}", agency.head(), topic.about),
        _ => format!("Về việc {}", topic.about),
    };
    let head = vec![
        say(format!(
            "Ngày {}, {} chủ trì cuộc họp để nghe báo cáo và cho ý kiến về {}. Tham dự cuộc họp có đại diện {} và {}.",
            Date { day: 1, ..date }.short(),
            agency.head(),
            topic.about,
            topics::actor(chance),
            topics::actor(chance)
        )),
        say(topics::situation(chance, topic, agency)),
        say("Sau khi thảo luận, cuộc họp thống nhất kết luận như sau:"),
    ];
    let tail = vec![say(format!(
        "Trên đây là kết luận của cuộc họp, {} thông báo để các cơ quan, đơn vị biết và thực hiện./.",
        agency.name
    ))];
    (subject, Body { head, clauses: duties(chance, topic, date), tail, ..Body::default() })
}

fn proposal(chance: &mut Chance, agency: &Agency, topic: &Topic, date: Date) -> (String, Body) {
    let subject = format!("Về việc đề nghị phê duyệt {} năm {}", topic.programme, date.year);
    let above = match agency.level {
        Level::Commune => format!("Ủy ban nhân dân {}", agency.district),
        _ => format!("Ủy ban nhân dân tỉnh {}", agency.province),
    };
    let mut head = bases(date);
    head.push(say("*I. SỰ CẦN THIẾT*"));
    head.push(say(topics::situation(chance, topic, agency)));
    head.push(say(topics::situation(chance, topic, agency)));
    head.push(say("*II. NỘI DUNG ĐỀ NGHỊ*"));
    let tail = vec![
        say(format!(
            "Tổng kinh phí dự kiến: {} triệu đồng, từ nguồn ngân sách địa phương và các nguồn hợp pháp khác.",
            chance.between(120, 980)
        )),
        say(format!("Kính đề nghị {above} xem xét, phê duyệt./.")),
    ];
    let addressees = vec![above];
    (subject, Body { addressees, head, clauses: duties(chance, topic, date), tail })
}

fn minutes(chance: &mut Chance, agency: &Agency, topic: &Topic, date: Date) -> (String, Body) {
    let subject = format!("Kiểm tra việc {}", topic.tasks[chance.below(topic.tasks.len())]);
    let mut head = vec![
        say(format!(
            "Hôm nay, vào lúc {} giờ 30 phút, ngày {}, tại trụ sở {}, chúng tôi gồm có:",
            chance.between(7, 10),
            date.short(),
            agency.name
        )),
        say("*I. THÀNH PHẦN THAM DỰ*"),
    ];
    for (number, role) in
        ["Trưởng đoàn", "Thư ký", "Thành viên", "Đại diện đơn vị được kiểm tra"].iter().enumerate()
    {
        head.push(say(format!("{}. Ông (bà): {} - {role};", number + 1, agencies::person(chance))));
    }
    head.push(say("*II. NỘI DUNG LÀM VIỆC*"));
    let mut clauses = Vec::new();
    for number in 1..=CLAUSES {
        let text = if number % 3 == 1 {
            topics::situation(chance, topic, agency)
        } else {
            topics::duty(chance, topic, date.year)
        };
        clauses.push(say(format!("{number}. {text}")));
    }
    let tail = vec![say(format!(
        "Biên bản kết thúc vào lúc {} giờ 15 phút cùng ngày, được đọc cho những người có mặt nghe, thống nhất nội dung và ký tên; biên bản lập thành hai bản có giá trị như nhau./.",
        chance.between(13, 16)
    ))];
    (subject, Body { head, clauses, tail, ..Body::default() })
}

fn plan(chance: &mut Chance, agency: &Agency, topic: &Topic, date: Date) -> (String, Body) {
    let subject = format!("Thực hiện {} năm {}", topic.programme, date.year);
    let mut head = vec![
        say(format!(
            "Để {}, {} ban hành Kế hoạch với các nội dung sau:",
            topic.aims[1], agency.name
        )),
        say("*I. MỤC ĐÍCH, YÊU CẦU*"),
    ];
    for (number, aim) in topic.aims.iter().enumerate() {
        head.push(say(format!("{}. {}.", number + 1, capital(aim))));
    }
    head.push(say("*II. KHỐI LƯỢNG VÀ THỜI GIAN*"));
    head.push(Block::Table(schedule(chance, topic, date)));
    head.push(say("*III. TỔ CHỨC THỰC HIỆN*"));
    let tail = vec![say(format!(
        "Trên đây là Kế hoạch thực hiện năm {}; trong quá trình triển khai nếu có vướng mắc, các đơn vị phản ánh về {} để được hướng dẫn./.",
        date.year, agency.name
    ))];
    (subject, Body { head, clauses: duties(chance, topic, date), tail, ..Body::default() })
}

fn schedule(chance: &mut Chance, topic: &Topic, date: Date) -> Table {
    let head = ["TT", "Nội dung công việc", "Đơn vị chủ trì", topic.unit, "Thời hạn"];
    let count = chance.between(4, 6) as usize;
    let rows = chance
        .shuffled(&topic.tasks)
        .into_iter()
        .take(count)
        .enumerate()
        .map(|(index, task)| {
            vec![
                (index + 1).to_string(),
                capital(task),
                capital(topics::actor(chance)),
                chance.between(15, 2400).to_string(),
                format!("{}/{}", chance.between(date.month.min(11) + 1, 12), date.year),
            ]
        })
        .collect();
    Table {
        shares: vec![6.0, 42.0, 26.0, 13.0, 13.0],
        head: head.iter().map(|&cell| cell.to_owned()).collect(),
        rows,
    }
}
