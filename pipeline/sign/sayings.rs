//! What errors say in Vietnamese, a sentence a kind: for the clerk, who has to know what to do. The
//! details stay in the English text, for whoever is called.

use crate::{
    EvidenceError, PdfError, StampError,
    verify::{PolicyError, VerifyError},
};

impl PdfError {
    /// In Vietnamese.
    pub fn vietnamese(&self) -> &'static str {
        match self {
            Self::Io(_) => "không mở được tệp",
            Self::NoHeader => "không phải tệp PDF",
            Self::NoStartxref => "tệp PDF không đầy đủ, có thể bị cắt mất phần cuối",
            Self::Syntax { .. } | Self::CrossReference { .. } | Self::Object { .. } => {
                "cấu trúc tệp PDF bị hỏng"
            }
            Self::Filter(_) => "tệp PDF có dữ liệu nén không đọc được",
            Self::Bound(_) => "tệp PDF vượt giới hạn an toàn nên không được mở",
        }
    }
}

impl VerifyError {
    /// In Vietnamese.
    pub fn vietnamese(&self) -> &'static str {
        let Self::Pdf(error) = self;
        error.vietnamese()
    }
}

impl EvidenceError {
    /// In Vietnamese.
    pub fn vietnamese(&self) -> &'static str {
        match self {
            Self::Untrusted => "chứng thư số không dẫn tới gốc tin cậy nên không tra cứu được",
            Self::NoSource { .. } => {
                "chứng thư số không ghi địa chỉ (http) để tra cứu tình trạng thu hồi"
            }
            Self::Fetch { .. } | Self::StillSilent { .. } => {
                "máy chủ của tổ chức cấp chứng thư số không trả lời"
            }
            Self::Refused { .. } => {
                "trả lời của tổ chức cấp chứng thư số không dùng được làm bằng chứng"
            }
            Self::Unconfirmed { .. } => {
                "chưa kiểm tra được chứng thư số của máy chủ trả lời tra cứu"
            }
            Self::Revoked { .. } => "chứng thư số đã bị thu hồi",
            Self::Cache(_) => "không ghi được kết quả tra cứu vào máy này",
            Self::Random => "máy này không tạo được số ngẫu nhiên",
        }
    }
}

impl PolicyError {
    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Unreadable => "không đọc được chứng thư số ký",
            Self::Untrusted => "chứng thư số ký không dẫn tới gốc tin cậy",
            Self::PublicAuthority => {
                "chứng thư số ký do tổ chức chứng thực công cộng cấp; cơ quan phải ký bằng chứng thư \
                 của Ban Cơ yếu Chính phủ"
            }
            Self::NotValid => "chứng thư số ký chưa có hoặc không còn hiệu lực",
            Self::KeyUsage => "chứng thư số không dùng để ký",
            Self::Purpose => "chứng thư số cấp cho mục đích khác, không phải ký tài liệu",
            Self::NotAnOrganisation => "chứng thư số của cá nhân, không phải của cơ quan, tổ chức",
            Self::WrongAgency => "chứng thư số không thuộc cơ quan quản lý hồ sơ",
        }
    }
}

impl StampError {
    /// In Vietnamese.
    pub fn vietnamese(&self) -> &'static str {
        match self {
            Self::PolicyText(_) => "chính sách dấu thời gian khai trong cấu hình không đúng dạng",
            Self::Fetch(_) | Self::Unreadable(_) | Self::Refused { lasting: false, .. } => {
                "máy chủ cấp dấu thời gian không trả lời hoặc chưa cấp được dấu"
            }
            Self::Refused { .. } => "máy chủ cấp dấu thời gian từ chối yêu cầu",
            Self::Nonce | Self::Policy | Self::Imprint | Self::Broken => {
                "dấu thời gian nhận được không đúng với yêu cầu"
            }
            Self::Clock { .. } => "đồng hồ của máy này và của máy chủ cấp dấu thời gian lệch nhau",
            Self::NewCertificate => "máy chủ cấp dấu thời gian vừa đổi chứng thư số; hãy thử lại",
            Self::Purpose => "chứng thư số của máy chủ cấp dấu thời gian không chỉ dùng để cấp dấu",
            Self::Untrusted => "máy chủ cấp dấu thời gian không dẫn tới gốc tin cậy",
        }
    }
}
