//! What the documents are about: subjects, the tasks that follow from them, and who carries them
//! out.
//!
//! Sentences are put together from these parts, so that a body of any length reads like the real
//! thing and hardly repeats.

use crate::{agencies::Agency, chance::Chance};

/// A field of public administration.
#[derive(Debug)]
pub(crate) struct Topic {
    /// Completes `Về việc …`.
    pub(crate) about: &'static str,
    /// Completes `phê duyệt …`, `tổ chức thực hiện …`.
    pub(crate) programme: &'static str,
    pub(crate) aims: [&'static str; 3],
    pub(crate) tasks: [&'static str; 7],
    /// A table of a plan: its head for the quantity, and what is counted.
    pub(crate) unit: &'static str,
}

pub(crate) const TOPICS: [Topic; 7] = [
    Topic {
        about: "số hóa hồ sơ, kết quả giải quyết thủ tục hành chính còn hiệu lực",
        programme: "Kế hoạch số hóa kết quả giải quyết thủ tục hành chính",
        aims: [
            "chuyển kết quả giải quyết thủ tục hành chính từ văn bản giấy sang dữ liệu điện tử, phục vụ việc tra cứu và tái sử dụng",
            "giảm giấy tờ mà tổ chức, cá nhân phải nộp khi thực hiện thủ tục hành chính",
            "hình thành cơ sở dữ liệu dùng chung, kết nối thông suốt giữa các cấp chính quyền",
        ],
        tasks: [
            "rà soát, thống kê, phân loại hồ sơ giấy đang lưu tại kho, lập danh mục theo từng năm và từng lĩnh vực",
            "tổ chức quét hồ sơ với độ phân giải tối thiểu 200 dpi, kiểm tra đủ trang và đúng thứ tự",
            "ký số bằng chứng thư số của cơ quan trước khi đưa dữ liệu vào kho quản lý dữ liệu điện tử",
            "bố trí kinh phí, trang thiết bị và nhân lực thực hiện việc chỉnh lý, số hóa tài liệu",
            "tập huấn nghiệp vụ số hóa cho công chức làm việc tại Bộ phận Một cửa",
            "kiểm tra chất lượng dữ liệu, đối chiếu với bản gốc và khắc phục ngay các trường hợp sai sót",
            "bàn giao hồ sơ, tài liệu theo biên bản, bảo đảm an toàn trong quá trình vận chuyển",
        ],
        unit: "Số hồ sơ",
    },
    Topic {
        about: "tăng cường công tác phòng cháy, chữa cháy rừng trong mùa khô",
        programme: "Phương án phòng cháy, chữa cháy rừng",
        aims: [
            "chủ động phòng ngừa, hạn chế thấp nhất số vụ cháy rừng và thiệt hại do cháy rừng gây ra",
            "nâng cao trách nhiệm của chủ rừng và chính quyền cơ sở trong quản lý, bảo vệ rừng",
            "giữ vững diện tích rừng hiện có, từng bước nâng cao độ che phủ của rừng",
        ],
        tasks: [
            "rà soát các vùng trọng điểm dễ xảy ra cháy, phát dọn đường băng cản lửa và làm giảm vật liệu cháy",
            "tổ chức trực gác lửa rừng liên tục trong những ngày nắng nóng kéo dài",
            "tuyên truyền, vận động nhân dân không đốt nương làm rẫy khi chưa được phép",
            "kiểm tra dụng cụ, phương tiện chữa cháy và bổ sung kịp thời những thiết bị còn thiếu",
            "củng cố tổ, đội xung kích chữa cháy tại thôn, bản và các chủ rừng",
            "xử lý nghiêm các hành vi vi phạm quy định về quản lý, bảo vệ rừng",
            "thông báo cấp dự báo cháy rừng hằng ngày trên hệ thống truyền thanh cơ sở",
        ],
        unit: "Diện tích (ha)",
    },
    Topic {
        about: "triển khai công tác tiêm chủng mở rộng và phòng, chống dịch bệnh",
        programme: "Kế hoạch tiêm chủng mở rộng và phòng, chống dịch bệnh",
        aims: [
            "duy trì tỷ lệ trẻ em dưới một tuổi được tiêm chủng đầy đủ đạt trên 95 phần trăm",
            "phát hiện sớm, khoanh vùng và xử lý kịp thời các ổ dịch, không để dịch lan rộng",
            "bảo đảm an toàn tiêm chủng tại tất cả các điểm tiêm trên địa bàn",
        ],
        tasks: [
            "rà soát đối tượng trong độ tuổi, lập danh sách theo từng thôn, tổ dân phố",
            "tiếp nhận, bảo quản và cấp phát vắc xin theo đúng quy định về dây chuyền lạnh",
            "tổ chức các điểm tiêm lưu động tại những thôn ở xa trạm y tế",
            "tăng cường giám sát ca bệnh, lấy mẫu xét nghiệm và báo cáo đúng thời gian quy định",
            "truyền thông về lợi ích của việc tiêm chủng đầy đủ và đúng lịch",
            "chuẩn bị đủ thuốc, hóa chất, vật tư để sẵn sàng đáp ứng khi có dịch xảy ra",
            "tập huấn chuyên môn cho cán bộ y tế xã và nhân viên y tế thôn",
        ],
        unit: "Số trẻ",
    },
    Topic {
        about: "đẩy mạnh thực hiện Chương trình mục tiêu quốc gia xây dựng nông thôn mới",
        programme: "Kế hoạch xây dựng nông thôn mới",
        aims: [
            "nâng cao đời sống vật chất và tinh thần của người dân nông thôn",
            "hoàn thành các tiêu chí về giao thông, thủy lợi, trường học và môi trường",
            "phát huy vai trò chủ thể của người dân trong xây dựng nông thôn mới",
        ],
        tasks: [
            "rà soát, đánh giá mức độ đạt từng tiêu chí và xây dựng lộ trình thực hiện cụ thể",
            "ưu tiên vốn cho các công trình giao thông nông thôn, kênh mương nội đồng và nước sạch",
            "vận động nhân dân hiến đất, góp công và tham gia giám sát các công trình",
            "hỗ trợ hợp tác xã và hộ gia đình phát triển sản xuất gắn với tiêu thụ sản phẩm",
            "thu gom, xử lý rác thải và cải tạo cảnh quan môi trường tại khu dân cư",
            "thanh toán, quyết toán vốn đầu tư đúng thời hạn, không để phát sinh nợ đọng",
            "lập hồ sơ đề nghị thẩm tra, xét công nhận xã đạt chuẩn theo đúng trình tự",
        ],
        unit: "Kinh phí (triệu đồng)",
    },
    Topic {
        about: "bảo đảm trật tự, an toàn giao thông và giải tỏa hành lang an toàn đường bộ",
        programme: "Kế hoạch bảo đảm trật tự, an toàn giao thông",
        aims: [
            "giảm số vụ, số người chết và số người bị thương do tai nạn giao thông",
            "nâng cao ý thức chấp hành pháp luật của người tham gia giao thông",
            "lập lại trật tự lòng đường, vỉa hè trên các tuyến phố chính",
        ],
        tasks: [
            "kiểm tra, sửa chữa các vị trí mặt đường hư hỏng và bổ sung biển báo hiệu",
            "tuần tra, xử lý xe chở quá tải trọng và người điều khiển xe vi phạm nồng độ cồn",
            "tháo dỡ các công trình, mái che lấn chiếm hành lang an toàn đường bộ",
            "phối hợp với nhà trường quản lý học sinh điều khiển xe mô tô, xe gắn máy",
            "tuyên truyền pháp luật về giao thông trên đài truyền thanh và tại khu dân cư",
            "tổng hợp điểm đen tai nạn giao thông và đề xuất phương án khắc phục",
            "bố trí lực lượng phân luồng trong các dịp lễ, tết và mùa mưa lũ",
        ],
        unit: "Chiều dài (km)",
    },
    Topic {
        about: "cấp giấy chứng nhận quyền sử dụng đất và chỉnh lý hồ sơ địa chính",
        programme: "Kế hoạch đo đạc, lập hồ sơ địa chính",
        aims: [
            "hoàn thành việc cấp giấy chứng nhận lần đầu cho hộ gia đình, cá nhân đủ điều kiện",
            "xây dựng cơ sở dữ liệu đất đai thống nhất từ xã đến tỉnh",
            "giải quyết dứt điểm hồ sơ tồn đọng, bảo đảm quyền lợi của người sử dụng đất",
        ],
        tasks: [
            "đo đạc, chỉnh lý bản đồ địa chính tại các khu vực có nhiều biến động",
            "niêm yết công khai danh sách hộ đủ điều kiện và hộ chưa đủ điều kiện cấp giấy",
            "kiểm tra nguồn gốc, thời điểm sử dụng đất và xác nhận tình trạng tranh chấp",
            "luân chuyển hồ sơ giữa Bộ phận Một cửa, cơ quan thuế và Văn phòng đăng ký đất đai",
            "cập nhật biến động vào sổ địa chính và sổ cấp giấy chứng nhận",
            "hướng dẫn người dân kê khai, bổ sung giấy tờ còn thiếu trong hồ sơ",
            "thanh tra, kiểm tra việc thu phí, lệ phí và thời hạn giải quyết hồ sơ",
        ],
        unit: "Số thửa đất",
    },
    Topic {
        about: "phòng, chống thiên tai và tìm kiếm cứu nạn",
        programme: "Phương án ứng phó thiên tai và tìm kiếm cứu nạn",
        aims: [
            "hạn chế thấp nhất thiệt hại về người và tài sản do bão, lũ gây ra",
            "bảo đảm an toàn hồ chứa nước, đê điều và công trình đang thi công",
            "khắc phục nhanh hậu quả, sớm ổn định đời sống của nhân dân",
        ],
        tasks: [
            "rà soát khu vực có nguy cơ ngập sâu, sạt lở và lập phương án sơ tán dân",
            "kiểm tra an toàn hồ chứa, cống dưới đê và vận hành theo đúng quy trình đã duyệt",
            "dự trữ lương thực, nước uống, thuốc men và nhu yếu phẩm tại chỗ",
            "kêu gọi tàu thuyền vào nơi neo đậu và hướng dẫn chằng chống nhà cửa",
            "duy trì chế độ trực ban, thông tin liên lạc giữa xã, huyện và tỉnh",
            "huấn luyện lực lượng xung kích và tổ chức diễn tập theo phương châm bốn tại chỗ",
            "thống kê, đánh giá thiệt hại và đề xuất mức hỗ trợ theo quy định",
        ],
        unit: "Số hộ sơ tán",
    },
];

const ACTORS: [&str; 10] = [
    "Văn phòng Ủy ban nhân dân",
    "Sở Tài chính",
    "Sở Nội vụ",
    "Sở Kế hoạch và Đầu tư",
    "Công an tỉnh",
    "Trung tâm Phục vụ hành chính công",
    "Ủy ban nhân dân các huyện, thị xã, thành phố",
    "Ủy ban nhân dân các xã, phường, thị trấn",
    "Đài Phát thanh và Truyền hình",
    "các đoàn thể chính trị - xã hội",
];

const CLOSINGS: [&str; 8] = [
    "bảo đảm đúng tiến độ, chất lượng và quy định của pháp luật",
    "kịp thời đề xuất biện pháp xử lý những khó khăn, vướng mắc phát sinh",
    "định kỳ hằng quý tổng hợp, báo cáo kết quả thực hiện",
    "chịu trách nhiệm về tính chính xác của số liệu báo cáo",
    "tránh chồng chéo, lãng phí và gây phiền hà cho tổ chức, cá nhân",
    "phân công rõ người, rõ việc, rõ thời gian hoàn thành",
    "lấy kết quả thực hiện làm căn cứ đánh giá, xếp loại cuối năm",
    "thường xuyên kiểm tra, đôn đốc và nhắc nhở các đơn vị chậm tiến độ",
];

/// One of the bodies that carry tasks out.
pub(crate) fn actor(chance: &mut Chance) -> &'static str {
    ACTORS[chance.below(ACTORS.len())]
}

/// A full sentence that gives a task to somebody; `year` bounds its deadline.
pub(crate) fn duty(chance: &mut Chance, topic: &Topic, year: i32) -> String {
    let first = actor(chance);
    let mut second = actor(chance);
    while second == first {
        second = actor(chance);
    }
    let task = chance.pick(&topic.tasks);
    let closing = chance.pick(&CLOSINGS);
    let name = first;
    let first = capital(first);
    match chance.below(4) {
        0 => format!("{first} chủ trì, phối hợp với {second} {task}; {closing}."),
        1 => format!(
            "{first} {task}, hoàn thành trước ngày {} tháng {} năm {year}; {closing}.",
            chance.between(10, 28),
            chance.between(3, 12)
        ),
        2 => format!(
            "Giao {name} {task}. {second} có trách nhiệm phối hợp, {closing}.",
            second = capital(second)
        ),
        _ => format!("{first} và {second} theo chức năng, nhiệm vụ được giao {task}; {closing}."),
    }
}

/// A paragraph on how things stand, with figures.
pub(crate) fn situation(chance: &mut Chance, topic: &Topic, agency: &Agency) -> String {
    let aim = chance.pick(&topic.aims);
    let task = chance.pick(&topic.tasks);
    let share = chance.between(52, 97);
    let count = chance.between(120, 4900);
    match chance.below(3) {
        0 => format!(
            "Thời gian qua, việc {task} trên địa bàn {} đã đạt được kết quả bước đầu: {count} trường hợp được giải quyết, đạt {share},{}% so với kế hoạch. Tuy nhiên, một số đơn vị chưa quan tâm đúng mức nên kết quả chưa đồng đều.",
            agency.district,
            chance.between(0, 9)
        ),
        1 => format!(
            "Qua kiểm tra tại {} đơn vị cho thấy việc {task} còn chậm, mới đạt {share}% khối lượng được giao. Nguyên nhân chủ yếu là thiếu nhân lực và chưa có sự phối hợp chặt chẽ giữa các ngành.",
            chance.between(4, 17)
        ),
        _ => format!(
            "Nhằm {aim}, {} đã ban hành nhiều văn bản chỉ đạo, huy động {count} lượt người tham gia; tỷ lệ hoàn thành đạt {share}%, tăng {} điểm phần trăm so với cùng kỳ năm trước.",
            agency.name,
            chance.between(2, 15)
        ),
    }
}

/// The same text with a capital first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
