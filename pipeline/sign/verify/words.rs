//! The verdicts in words, English and Vietnamese.

use super::report::{Integrity, LaterChanges, SubjectKind, Verdict};

impl Verdict {
    /// One short sentence in English.
    pub fn english(self) -> &'static str {
        match self {
            Self::Ok => "valid",
            Self::OkLegacyAlg => "valid, made with an outdated algorithm",
            Self::IndeterminateRevocation => {
                "intact and trusted; whether the certificate was revoked could not be checked"
            }
            Self::WrongAgency => "signed by another agency than expected",
            Self::WrongSubjectKind => "signed by a person where an organisation must sign",
            Self::ExpiredAtSigning => "the certificate was not valid at signing time",
            Self::Revoked => "the certificate was revoked",
            Self::UntrustedChain => "intact, but the certificate does not lead to a trusted root",
            Self::Missing => "not signed",
            Self::Altered => "changed after signing, or the signature is unreadable",
        }
    }

    /// One short sentence in Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Ok => "hợp lệ",
            Self::OkLegacyAlg => "hợp lệ, dùng thuật toán đã lỗi thời",
            Self::IndeterminateRevocation => {
                "toàn vẹn và tin cậy; chưa kiểm tra được tình trạng thu hồi chứng thư số"
            }
            Self::WrongAgency => "không phải chữ ký số của cơ quan cần có",
            Self::WrongSubjectKind => "chữ ký số cá nhân ở chỗ phải là chữ ký số của cơ quan",
            Self::ExpiredAtSigning => "chứng thư số không có hiệu lực tại thời điểm ký",
            Self::Revoked => "chứng thư số đã bị thu hồi",
            Self::UntrustedChain => "toàn vẹn, nhưng chứng thư số không dẫn tới gốc tin cậy",
            Self::Missing => "không có chữ ký số",
            Self::Altered => "đã bị thay đổi sau khi ký, hoặc không đọc được chữ ký số",
        }
    }

    /// A signature one may rely on, as far as could be checked.
    pub fn is_acceptable(self) -> bool {
        matches!(self, Self::Ok | Self::OkLegacyAlg | Self::IndeterminateRevocation)
    }
}

impl SubjectKind {
    /// In English.
    pub fn english(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Person => "person",
            Self::PersonInOrganisation => "person within an organisation",
            Self::Unknown => "unknown",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Organisation => "cơ quan, tổ chức",
            Self::Person => "cá nhân",
            Self::PersonInOrganisation => "cá nhân thuộc tổ chức",
            Self::Unknown => "không rõ",
        }
    }
}

impl Integrity {
    /// In English.
    pub fn english(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Broken => "broken",
            Self::Unreadable => "unreadable",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Intact => "toàn vẹn",
            Self::Broken => "không toàn vẹn",
            Self::Unreadable => "không đọc được",
        }
    }
}

impl LaterChanges {
    /// In English.
    pub fn english(self) -> &'static str {
        match self {
            Self::None => "nothing added after signing",
            Self::Signatures => "further signatures added after signing",
            Self::Annotations => "annotations added after signing",
            Self::Content => "content changed after signing",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::None => "không có thay đổi sau khi ký",
            Self::Signatures => "có thêm chữ ký số sau khi ký",
            Self::Annotations => "có thêm chú thích sau khi ký",
            Self::Content => "nội dung bị thay đổi sau khi ký",
        }
    }
}
