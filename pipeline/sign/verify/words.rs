//! The verdicts in words, English and Vietnamese.

use super::{
    report::{Integrity, LaterChanges, Note, RevocationStatus, SubjectKind, Verdict},
    trust::TrustDomain,
};

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
            Self::UntrustedChain => {
                "not altered as far as is known, but no trusted root vouches for it, or an \
                 algorithm is not known"
            }
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
            Self::UntrustedChain => {
                "chưa thấy bị thay đổi, nhưng không có gốc tin cậy chứng thực, hoặc thuật toán không \
                 được hỗ trợ"
            }
            Self::Missing => "không có chữ ký số",
            Self::Altered => "đã bị thay đổi sau khi ký, hoặc không đọc được chữ ký số",
        }
    }

    /// A signature one may rely on, as far as could be checked.
    pub fn is_acceptable(self) -> bool {
        self.is_proven() || self == Self::IndeterminateRevocation
    }

    /// The same, and it is shown that no certificate was revoked.
    pub fn is_proven(self) -> bool {
        matches!(self, Self::Ok | Self::OkLegacyAlg)
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
            Self::Signatures => "signatures, time-stamps or evidence added after signing (allowed)",
            Self::FormFilling => "form fields filled in after signing",
            Self::Annotations => "annotations added after signing",
            Self::Content => "content changed after signing",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::None => "không có thay đổi sau khi ký",
            Self::Signatures => {
                "có thêm chữ ký số, dấu thời gian hoặc bằng chứng sau khi ký (được phép)"
            }
            Self::FormFilling => "có điền thêm trường của biểu mẫu sau khi ký",
            Self::Annotations => "có thêm chú thích sau khi ký",
            Self::Content => "nội dung bị thay đổi sau khi ký",
        }
    }
}

impl TrustDomain {
    /// In English.
    pub fn english(self) -> &'static str {
        match self {
            Self::GovCipher => "to a trusted root (official duty)",
            Self::PublicCa => "to a trusted root (public authority)",
            Self::Foreign => "to a trusted root (foreign authority)",
            Self::Test => "to a test root",
            Self::Untrusted => "to no trusted root",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::GovCipher => "tới gốc tin cậy (chuyên dùng công vụ)",
            Self::PublicCa => "tới gốc tin cậy (công cộng)",
            Self::Foreign => "tới gốc tin cậy (nước ngoài)",
            Self::Test => "tới gốc thử nghiệm",
            Self::Untrusted => "không tới gốc tin cậy nào",
        }
    }
}

impl RevocationStatus {
    /// In English.
    pub fn english(self) -> &'static str {
        match self {
            Self::Good => "not revoked",
            Self::Revoked => "revoked",
            Self::Unknown => "not proven in the file",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Good => "chưa bị thu hồi",
            Self::Revoked => "đã bị thu hồi",
            Self::Unknown => "tệp không có bằng chứng",
        }
    }
}

impl Note {
    /// In English.
    pub fn english(self) -> &'static str {
        match self {
            Self::AllowedAfter => "what was added after signing is what its certification allows",
            Self::AnnotatedAfter => "annotations were added after signing; they may cover the text",
            Self::ByteRangeMisplaced => "the signed ranges are not the bytes around the signature",
            Self::CertificationBroken => "it certifies that nothing follows, and a signature does",
            Self::CertificateSubstituted => "the certificate is not the one that was signed with",
            Self::ClaimedInFuture => "the claimed time lies in the future",
            Self::EncryptedValue => "the file is encrypted, and the signature with it",
            Self::JunkBeforeHeader => "there are bytes before the PDF begins",
            Self::KeyUsage => "the certificate is not for signing documents",
            Self::ExtendedKeyUsage => {
                "the certificate is for other purposes than signing documents (extended key usage)"
            }
            Self::SeveralSigners => {
                "there are several signers in one signature; the first is judged"
            }
            Self::NoSigningCertificate => "nothing binds the certificate to the signature",
            Self::NotOfficial => {
                "an agency signs by a certificate for official duty, and this is none"
            }
            Self::PaddingNotZero => "there is something behind the signature value",
            Self::TimeStampBeforeClaim => {
                "the time-stamp is older than the claimed time of signing"
            }
            Self::TimeStampBroken => "the time-stamp is broken, or belongs to another signature",
            Self::TimeStampInFuture => "the time-stamp lies in the future, and proves no time",
            Self::TimeStampLegacy => "the time-stamp rests on an outdated algorithm (SHA-1)",
            Self::TimeStampPurpose => {
                "the time-stamp authority's certificate is not for time-stamps alone (RFC 3161, 2.3)"
            }
            Self::TimeStampRevoked => "the time-stamp authority's certificate was revoked",
            Self::TimeStampUnsupported => "the time-stamp rests on an algorithm that is not known",
            Self::TimeStampUntrusted => {
                "the time-stamp authority leads to no trusted root, or may not stamp"
            }
            Self::UnreadableValue => "the signature value cannot be read",
            Self::UnsupportedAlgorithm => "the algorithm is not known",
        }
    }

    /// In Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::AllowedAfter => "nội dung thêm sau khi ký là nội dung chữ ký chứng nhận cho phép",
            Self::AnnotatedAfter => "có chú thích thêm sau khi ký, có thể che nội dung",
            Self::ByteRangeMisplaced => "phạm vi ký không bao quanh đúng giá trị chữ ký",
            Self::CertificationBroken => {
                "chữ ký chứng nhận không cho phép ký thêm, nhưng đã có ký thêm"
            }
            Self::CertificateSubstituted => "chứng thư số không phải chứng thư số đã dùng để ký",
            Self::ClaimedInFuture => "thời gian ký khai ở tương lai",
            Self::EncryptedValue => "tệp được mã hóa cùng với chữ ký",
            Self::JunkBeforeHeader => "có dữ liệu lạ trước phần đầu PDF",
            Self::KeyUsage => "chứng thư số không dùng để ký tài liệu",
            Self::ExtendedKeyUsage => {
                "chứng thư số cấp cho mục đích khác, không phải ký tài liệu (extended key usage)"
            }
            Self::SeveralSigners => "một chữ ký có nhiều người ký; chỉ xét người thứ nhất",
            Self::NoSigningCertificate => "chứng thư số không được ràng buộc trong chữ ký",
            Self::NotOfficial => {
                "cơ quan phải ký bằng chứng thư số chuyên dùng công vụ; chứng thư số này không phải"
            }
            Self::PaddingNotZero => "có dữ liệu lạ sau giá trị chữ ký",
            Self::TimeStampBeforeClaim => "dấu thời gian có trước thời gian ký đã khai",
            Self::TimeStampBroken => "dấu thời gian hỏng hoặc của chữ ký khác",
            Self::TimeStampInFuture => {
                "dấu thời gian ở tương lai nên không chứng minh được thời gian"
            }
            Self::TimeStampLegacy => "dấu thời gian dùng thuật toán đã lỗi thời (SHA-1)",
            Self::TimeStampPurpose => {
                "chứng thư số của tổ chức cấp dấu thời gian không chỉ dùng để cấp dấu (RFC 3161, 2.3)"
            }
            Self::TimeStampRevoked => "chứng thư số của tổ chức cấp dấu thời gian đã bị thu hồi",
            Self::TimeStampUnsupported => "dấu thời gian dùng thuật toán không được hỗ trợ",
            Self::TimeStampUntrusted => {
                "tổ chức cấp dấu thời gian không dẫn tới gốc tin cậy hoặc không được cấp dấu"
            }
            Self::UnreadableValue => "không đọc được giá trị chữ ký",
            Self::UnsupportedAlgorithm => "thuật toán không được hỗ trợ",
        }
    }
}
