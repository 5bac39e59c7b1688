//! Reason and finding codes.
//!
//! A code says *what is wrong*, for reports and filters; its sentence says *what to do*, for the
//! person at the scanner. Codes are a closed list: what has no code cannot be rejected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// The record is published, but somebody should look.
    Warn,
    /// The record is published with a fault.
    Error,
    /// The record is not published.
    Block,
}

macro_rules! codes {
    ($($name:ident, $text:literal, $severity:ident, $sentence:literal $vietnamese:literal $expected:literal $expected_vi:literal;)+) => {
        /// A reason or finding code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $(#[doc = $sentence] #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code as it is written in tables, messages and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The weight a finding of this code has unless the finder says otherwise.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// What to do about it.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }

            /// The same in Vietnamese, for the clerk who scanned it.
            pub const fn sentence_vi(self) -> &'static str {
                match self { $(Self::$name => $vietnamese,)+ }
            }

            /// What would have been in order; a finding that knows it exactly says that instead.
            pub const fn expected(self) -> &'static str {
                match self { $(Self::$name => $expected,)+ }
            }

            /// The same in Vietnamese.
            pub const fn expected_vi(self) -> &'static str {
                match self { $(Self::$name => $expected_vi,)+ }
            }
        }
    };
}

// A table is the clearest form for forty codes, and a macro the only way to keep the enum, the
// text and the sentences together.
codes! {
    Q01UnsignedScan, "Q01_UNSIGNED_SCAN", Error, "No agency has signed it; release a scan for signing, and ask whoever issued an electronic document for the signed one."
        "Tài liệu chưa có chữ ký số của cơ quan; duyệt bản quét để ký số, hoặc yêu cầu nơi ban hành gửi văn bản điện tử đã ký số."
        "a valid signature of the agency"
        "chữ ký số hợp lệ của cơ quan";
    Q02PersonalSig, "Q02_PERSONAL_SIG", Error, "A personal signature stands where the organisation's must; sign with the agency's certificate."
        "Chữ ký số cá nhân được dùng thay chữ ký số của cơ quan; ký lại bằng chứng thư số của cơ quan."
        "a signature of the organisation"
        "chữ ký số của cơ quan, tổ chức";
    Q03PublicCa, "Q03_PUBLIC_CA", Error, "The signature comes from a public certificate authority; use the Government Cipher Committee's."
        "Chữ ký số dùng chứng thư của tổ chức chứng thực công cộng; dùng chứng thư của Ban Cơ yếu Chính phủ."
        "a certificate of the Government Cipher Committee"
        "chứng thư số do Ban Cơ yếu Chính phủ cấp";
    Q04NotReusable, "Q04_NOT_REUSABLE", Warn, "The data is not good enough for reuse; complete the missing fields."
        "Dữ liệu chưa đủ để tái sử dụng; bổ sung các trường còn thiếu."
        "every mandatory field"
        "đủ các trường bắt buộc";
    I01DpiLow, "I01_DPI_LOW", Warn, "The image is below 200 dots per inch, or does not say how dense it is; scan at 200 dpi or more."
        "Ảnh quét dưới 200 dpi hoặc không ghi độ phân giải; quét lại ở 200 dpi trở lên."
        "200 dpi or more, said by the file"
        "từ 200 dpi trở lên và có ghi trong tệp";
    I02NotColour, "I02_NOT_COLOUR", Info, "The page was not scanned in colour; scan in 24-bit colour unless the source is certified monochrome."
        "Trang không được quét màu; quét màu 24 bit, trừ khi bản gốc được xác nhận là đơn sắc."
        "colour of 24 bits"
        "ảnh màu 24 bit";
    I04Skew, "I04_SKEW", Info, "The page lies askew; straighten it on the scanner if it must be read at the edge."
        "Trang bị lệch; đặt lại cho thẳng trên máy quét nếu cần đọc phần mép."
        "lines within 2 degrees of level"
        "dòng chữ lệch không quá 2 độ";
    I05Blank, "I05_BLANK", Info, "The page is blank; it is kept."
        "Trang trắng; vẫn được giữ lại."
        "print or handwriting, unless the sheet is empty"
        "có chữ in hoặc chữ viết, trừ khi tờ giấy trắng thật";
    I06CroppedHeader, "I06_CROPPED_HEADER", Warn, "The top of the page is cut off; scan it again with the whole header."
        "Phần đầu trang bị cắt; quét lại cho đủ tiêu đề."
        "the national name and motto above the number and the date"
        "có quốc hiệu, tiêu ngữ phía trên số và ngày tháng";
    I08DupPage, "I08_DUP_PAGE", Warn, "The file holds the same image of a page twice; check whether a sheet was left out, and scan it."
        "Tệp có hai trang cùng một ảnh; kiểm tra có bỏ sót tờ nào không và quét bổ sung."
        "each page once"
        "mỗi trang một lần";
    I10PageCountMismatch, "I10_PAGE_COUNT_MISMATCH", Block, "The file does not hold the number of pages it or its manifest says; count the sheets, and scan or declare them again."
        "Số trang của tệp không đúng với khai báo; đếm lại số tờ, rồi quét hoặc khai báo lại."
        "as many pages as are declared"
        "đúng số trang đã khai báo";
    I12Rotated, "I12_ROTATED", Info, "The page was scanned turned; it is shown upright."
        "Trang bị quét xoay; đã được hiển thị đúng chiều."
        "an upright page"
        "trang đúng chiều";
    I13WhiteDecode, "I13_WHITE_DECODE", Block, "The page's image is not empty but decodes to white; scan the page again."
        "Ảnh của trang có dữ liệu nhưng mở ra trắng; quét lại trang này."
        "a picture that shows what its data holds"
        "ảnh hiển thị đúng dữ liệu của trang";
    F01HashMismatch, "F01_HASH_MISMATCH", Block, "The file is not the one its manifest describes (size or SHA-256 differs); upload the file again."
        "Tệp không khớp với bản kê (khác dung lượng hoặc mã SHA-256); tải tệp lên lại."
        "the size and SHA-256 of the manifest"
        "dung lượng và mã SHA-256 như bản kê";
    F02Unreadable, "F02_UNREADABLE", Block, "The file is damaged or incomplete; scan or copy it again."
        "Tệp bị hỏng hoặc không đầy đủ; quét hoặc sao chép lại."
        "a whole file that opens"
        "tệp đầy đủ và mở được";
    F03Encrypted, "F03_ENCRYPTED", Block, "The file is locked with a password; save it without one and send it again."
        "Tệp bị khóa bằng mật khẩu; lưu lại không có mật khẩu và gửi lại."
        "a file that opens without a password"
        "tệp mở được không cần mật khẩu";
    F04ActiveContent, "F04_ACTIVE_CONTENT", Warn, "The file carries scripts or attachments; they are not run, and a record made from a scan leaves them out. Send the file without them."
        "Tệp có mã chạy được hoặc tệp đính kèm; các phần này không được chạy và không có trong bản số hóa từ giấy. Gửi tệp không có các phần đó."
        "pages only, without scripts or attachments"
        "chỉ có các trang, không có mã chạy được hoặc tệp đính kèm";
    F05Unsupported, "F05_UNSUPPORTED", Block, "The file is of a kind that is not read here; send TIFF, JPEG, JPEG 2000, PNG or PDF."
        "Loại tệp này không được hỗ trợ; gửi tệp TIFF, JPEG, JPEG 2000, PNG hoặc PDF."
        "TIFF, JPEG, JPEG 2000, PNG or PDF"
        "TIFF, JPEG, JPEG 2000, PNG hoặc PDF";
    F06TooLarge, "F06_TOO_LARGE", Block, "The file or a page of it is larger than is accepted; split it, or scan at a lower density."
        "Tệp hoặc một trang vượt quá kích thước cho phép; chia nhỏ tệp hoặc quét ở độ phân giải thấp hơn."
        "a file and pages within the limits"
        "tệp và trang trong giới hạn";
    F07DecompressionBomb, "F07_DECOMPRESSION_BOMB", Block, "The file claims an absurd size and was not opened; scan the page again."
        "Tệp khai báo kích thước phi lý nên không được mở; quét lại trang này."
        "a page of a credible size"
        "trang có kích thước hợp lý";
    F09PageFailed, "F09_PAGE_FAILED", Error, "A page broke the reader twice; the rest of the document is complete. Scan that page again."
        "Một trang làm hỏng bộ đọc hai lần; phần còn lại của tài liệu đầy đủ. Quét lại trang đó."
        "a page that is read within its time and memory"
        "trang đọc được trong giới hạn thời gian và bộ nhớ";
    F13FileFailed, "F13_FILE_FAILED", Block, "The file broke the reader twice before its pages were told apart, and nothing of it was read; scan it again, or send it in parts."
        "Tệp làm hỏng bộ đọc hai lần khi chưa tách được trang nên chưa đọc được gì; quét lại hoặc chia nhỏ tệp."
        "a file that opens within its time and memory"
        "tệp mở được trong giới hạn thời gian và bộ nhớ";
    F10MissingFile, "F10_MISSING_FILE", Block, "The manifest names a file that is not there; upload it, then the manifest again."
        "Bản kê nêu một tệp không có; tải tệp đó lên, rồi tải lại bản kê."
        "every file that the manifest names"
        "đủ các tệp mà bản kê nêu";
    F11UnlistedFile, "F11_UNLISTED_FILE", Block, "A file lies in the dossier that its manifest does not name; list it, or take it away."
        "Trong hồ sơ có tệp không nằm trong bản kê; bổ sung vào bản kê hoặc lấy tệp ra."
        "only files that the manifest names"
        "chỉ có các tệp mà bản kê nêu";
    F12ManifestInvalid, "F12_MANIFEST_INVALID", Block, "The manifest breaks its schema; correct it as the message says and send it again."
        "Bản kê sai cấu trúc; sửa theo thông báo và gửi lại."
        "a manifest that follows its schema"
        "bản kê đúng cấu trúc";
    S01SecretPaper, "S01_SECRET_PAPER", Block, "The paper bears a secrecy stamp; nothing of it was copied. Handle it by the rules for state secrets."
        "Giấy tờ có dấu chỉ mức độ mật; không nội dung nào được sao chép. Xử lý theo quy định về bảo vệ bí mật nhà nước."
        "a paper without a secrecy stamp"
        "giấy tờ không có dấu mật";
    S03CopyNotOriginal, "S03_COPY_NOT_ORIGINAL", Block, "The manifest says the paper is a copy; only originals and certified electronic copies are digitised."
        "Bản kê ghi đây là bản sao; chỉ số hóa bản gốc, bản chính và bản sao điện tử có chứng thực."
        "an original, or a certified electronic copy"
        "bản chính, hoặc bản sao điện tử có chứng thực";
    M01Missing, "M01_MISSING", Warn, "A field could not be read; fill it in with `sohoa amend`."
        "Không đọc được một trường; bổ sung bằng `sohoa amend`."
        "a value that can be read"
        "giá trị đọc được";
    M02LowConf, "M02_LOW_CONF", Warn, "A field was read but not surely enough to be used; check it."
        "Một trường đọc được nhưng chưa đủ chắc chắn để dùng; kiểm tra lại."
        "a value that is read surely"
        "giá trị đọc chắc chắn";
    M03DateFuture, "M03_DATE_FUTURE", Warn, "The date lies after the day of scanning; check it."
        "Ngày ban hành sau ngày quét; kiểm tra lại."
        "a date not after the day of scanning"
        "ngày ban hành không sau ngày quét";
    M04DateVsDossier, "M04_DATE_VS_DOSSIER", Warn, "The date lies after the day on which the dossier was resolved; check both."
        "Ngày ban hành sau ngày giải quyết xong hồ sơ; kiểm tra lại cả hai."
        "a date not after the dossier was resolved"
        "ngày ban hành không sau ngày giải quyết xong hồ sơ";
    M05NumberNotationPattern, "M05_NUMBER_NOTATION_PATTERN", Warn, "The number and notation follow no known pattern; check them."
        "Số và ký hiệu không theo mẫu nào đã biết; kiểm tra lại."
        "a number and notation of a known pattern"
        "số và ký hiệu theo mẫu đã biết";
    M06AgencyUnknown, "M06_AGENCY_UNKNOWN", Warn, "The issuing agency is not known; check its name."
        "Không xác định được cơ quan ban hành; kiểm tra tên cơ quan."
        "an agency of the list"
        "cơ quan có trong danh mục";
    M07TypeConflict, "M07_TYPE_CONFLICT", Warn, "The title and the notation say different kinds of document; check which is right."
        "Tên loại và ký hiệu chỉ hai loại văn bản khác nhau; kiểm tra loại nào đúng."
        "the same type by title and notation"
        "tên loại và ký hiệu chỉ cùng một loại văn bản";
    M08LengthOverStd, "M08_LENGTH_OVER_STD", Warn, "A value is longer than the standard allows; shorten it before export."
        "Giá trị dài hơn mức tiêu chuẩn cho phép; rút ngắn trước khi kết xuất."
        "a value within the standard's length"
        "giá trị không dài quá mức tiêu chuẩn";
    M09Duplicate, "M09_DUPLICATE", Info, "The same file was received twice in one dossier; it is one document."
        "Cùng một tệp được nhận hai lần trong một hồ sơ; được tính là một tài liệu."
        "each file once in a dossier"
        "mỗi tệp một lần trong hồ sơ";
    M10NoDiacritics, "M10_NO_DIACRITICS", Warn, "The text has almost no Vietnamese diacritics; check the language model."
        "Văn bản gần như không có dấu tiếng Việt; kiểm tra mô hình ngôn ngữ."
        "marks on about a quarter of the letters"
        "khoảng một phần tư số chữ cái có dấu";
    M11CitedYearAfterIssue, "M11_CITED_YEAR_AFTER_ISSUE", Warn, "A document is cited that is younger than this one; check the dates."
        "Có viện dẫn văn bản ban hành sau văn bản này; kiểm tra lại ngày tháng."
        "cited documents older than this one"
        "văn bản viện dẫn có trước văn bản này";
    M12ManifestConflict, "M12_MANIFEST_CONFLICT", Warn, "The page and the manifest say different things; check which is right."
        "Nội dung trên trang và bản kê khác nhau; kiểm tra bên nào đúng."
        "the same value on the page and in the manifest"
        "nội dung trên trang và trong bản kê như nhau";
    M13CorrectionLost, "M13_CORRECTION_LOST", Warn, "A value that was set by hand belongs to pages that are divided otherwise now, and was not taken over; look at the version before, and set it again where it holds."
        "Giá trị do người nhập trước đây thuộc các trang nay được chia khác nên không được chuyển sang; xem phiên bản trước và nhập lại nếu còn đúng."
        "the value on the document that holds its page now"
        "giá trị nằm ở tài liệu hiện chứa trang đó";
    T01JunkLayer, "T01_JUNK_LAYER", Info, "The file's text layer is not Vietnamese text and was not used; the page was read again."
        "Lớp văn bản của tệp không phải tiếng Việt nên không được dùng; trang đã được nhận dạng lại."
        "a text layer in Vietnamese, or none"
        "lớp văn bản tiếng Việt, hoặc không có lớp văn bản";
    T02StampLayer, "T02_STAMP_LAYER", Info, "The file's text layer holds only a signature's stamp; the page was read again."
        "Lớp văn bản của tệp chỉ có thông tin chữ ký; trang đã được nhận dạng lại."
        "a text layer of the whole page, or none"
        "lớp văn bản của cả trang, hoặc không có lớp văn bản";
    T03MarksRepaired, "T03_MARKS_REPAIRED", Info, "Tone marks of some words were put back from the words beside them; these words count as less sure."
        "Dấu thanh của một số từ được khôi phục theo các từ bên cạnh; các từ này có độ tin cậy thấp hơn."
        "words with all their tone marks"
        "từ có đủ dấu thanh";
    Q09ReleaseRefused, "Q09_RELEASE_REFUSED", Block, "The agency's clerk did not release the document for signing; do as the reason says, and send it again."
        "Văn thư cơ quan không duyệt ký số tài liệu này; xử lý theo lý do đã nêu rồi gửi lại."
        "a document that the agency's clerk releases"
        "tài liệu được văn thư cơ quan duyệt ký số";
    T04ReadAgain, "T04_READ_AGAIN", Info, "The number or date line left doubt and was read again by itself; every reading is given."
        "Dòng số hoặc ngày chưa chắc chắn nên đã được nhận dạng lại riêng; các lần đọc được ghi kèm."
        "a line that one reading settles"
        "dòng chữ đọc một lần là rõ";
    T05LessCare, "T05_LESS_CARE", Warn, "The page took too much time or memory and was read with less care; hold its text against its image, and scan it again at 200 to 300 dpi where something is missing."
        "Trang tốn quá nhiều thời gian hoặc bộ nhớ nên được nhận dạng ở mức rút gọn; đối chiếu văn bản với ảnh, nếu thiếu thì quét lại ở 200 đến 300 dpi."
        "a page that is read with full care within its time and memory"
        "trang được nhận dạng đầy đủ trong giới hạn thời gian và bộ nhớ";
    T06FieldNotDrawn, "T06_FIELD_NOT_DRAWN", Warn, "A form field or a note holds text that the file does not draw: it was read, but the picture of the page lacks it; save the file with its form filled in for good (flattened), and send it again."
        "Ô biểu mẫu hoặc ghi chú có nội dung không được vẽ trong tệp: nội dung đã được đọc nhưng ảnh trang không có; lưu tệp với biểu mẫu đã làm phẳng rồi gửi lại."
        "fields and notes that the file draws itself"
        "ô biểu mẫu và ghi chú được vẽ sẵn trong tệp";
    T07NotRead, "T07_NOT_READ", Warn, "There is ink on the page and no word of it could be read; look at it, and if it bears text scan it again at 300 dpi or type in what it says."
        "Trang có nét mực nhưng không nhận dạng được chữ nào; mở xem, nếu có chữ thì quét lại ở 300 dpi hoặc nhập nội dung."
        "a page whose text is read"
        "trang đọc được chữ";
    Q05GuidelineDeviation, "Q05_GUIDELINE_DEVIATION", Warn, "The signature is of an older scheme than the rules name, because the token makes no other; replace the token."
        "Chữ ký số dùng lược đồ cũ hơn quy định vì thiết bị lưu khóa không hỗ trợ lược đồ mới; thay thiết bị."
        "a signature by RSASSA-PSS or ECDSA"
        "chữ ký số theo RSASSA-PSS hoặc ECDSA";
    Q10LevelLower, "Q10_LEVEL_LOWER", Warn, "The signature proves less than it should, because an authority did not answer when it was made; raise it with sohoa timestamp."
        "Chữ ký số chưa đạt mức yêu cầu do máy chủ dấu thời gian hoặc máy chủ chứng thực không trả lời khi ký; nâng mức bằng sohoa timestamp."
        "a signature of the configured level"
        "chữ ký số đạt mức đã cấu hình";
    Q13OfficerSignature, "Q13_OFFICER_SIGNATURE", Warn, "The scan lacks the scanning officer's signature that its manifest declares; sign it again before it is sent."
        "Bản quét không có chữ ký số của người số hóa như bản kê đã khai; ký số lại trước khi gửi."
        "the signature of the officer whom the manifest names"
        "chữ ký số của người được bản kê nêu tên";
    GAltered, "G_ALTERED", Error, "A signed file was changed after it was signed, or its signature cannot be read; get the file again from who signed it."
        "Tệp đã bị thay đổi sau khi ký số, hoặc không đọc được chữ ký số; lấy lại tệp từ nơi ký."
        "a signature over the file as it is"
        "chữ ký số bao trùm tệp nguyên vẹn";
    GRevoked, "G_REVOKED", Error, "The certificate was revoked when it signed; have the document signed again by a valid one."
        "Chứng thư số đã bị thu hồi tại thời điểm ký; đề nghị ký số lại bằng chứng thư còn hiệu lực."
        "a certificate that was not revoked"
        "chứng thư số chưa bị thu hồi";
    GExpiredAtSigning, "G_EXPIRED_AT_SIGNING", Error, "The certificate was not valid when it signed; have the document signed again by a valid one."
        "Chứng thư số không còn hoặc chưa có hiệu lực tại thời điểm ký; đề nghị ký số lại bằng chứng thư còn hiệu lực."
        "a certificate that was valid when it signed"
        "chứng thư số còn hiệu lực khi ký";
    GUntrustedChain, "G_UNTRUSTED_CHAIN", Warn, "No trusted root vouches for the certificate; add its authority's root to the configuration, or have the document signed by a licensed one."
        "Chứng thư số không thuộc tổ chức chứng thực được tin cậy; bổ sung chứng thư gốc vào cấu hình, hoặc đề nghị ký số bằng chứng thư hợp lệ."
        "a certificate under a trusted root"
        "chứng thư số thuộc chứng thư gốc được tin cậy";
    GWrongAgency, "G_WRONG_AGENCY", Error, "Another agency signed the copy than the one that keeps the record; sign it with the keeper's certificate."
        "Bản sao do cơ quan khác ký số, không phải cơ quan quản lý hồ sơ; ký số lại bằng chứng thư của cơ quan quản lý."
        "the signature of the agency that keeps the record"
        "chữ ký số của cơ quan quản lý hồ sơ";
    Q11OtherAgency, "Q11_OTHER_AGENCY", Block, "The dossier is another agency's, and this one's key must not sign it; send it to that agency's workers, or name its code in `agency.keeps_for`."
        "Hồ sơ thuộc cơ quan khác nên không được ký bằng chứng thư số của cơ quan này; chuyển hồ sơ cho cơ quan đó, hoặc khai mã cơ quan trong agency.keeps_for."
        "a dossier of this agency, or of one whose records it keeps"
        "hồ sơ của cơ quan này, hoặc của cơ quan mà mình lưu giữ thay";
    Q12RevocationUnknown, "Q12_REVOCATION_UNKNOWN", Warn, "Nobody answered whether the signing certificate was revoked when this was signed; check it with sohoa verify --online."
        "Khi ký số không tra cứu được tình trạng thu hồi của chứng thư số; kiểm tra lại bằng sohoa verify --online."
        "an answer of the certificate's authority"
        "trả lời của tổ chức cấp chứng thư số";
    X01StageFailed, "X01_STAGE_FAILED", Block, "A step failed on this document again and again; look at the error chain, then replay it."
        "Một bước xử lý lỗi lặp lại với tài liệu này; xem chuỗi lỗi rồi gửi xử lý lại."
        "a step that succeeds"
        "bước xử lý thành công";
    X03KilledWorker, "X03_KILLED_WORKER", Block, "Working on this document ended the program twice; have the file looked at before it is replayed."
        "Tài liệu này làm dừng chương trình hai lần; cho kiểm tra tệp trước khi gửi xử lý lại."
        "a document that ends nothing but itself"
        "tài liệu không làm dừng chương trình";
    X02BrokenMessage, "X02_BROKEN_MESSAGE", Block, "The message could not be understood; bring the workers to the version of its sender and replay it, or correct the sender."
        "Không hiểu được thông điệp; nâng chương trình xử lý lên phiên bản của bên gửi rồi chạy lại, hoặc sửa bên gửi."
        "a message that follows its schema"
        "thông điệp đúng cấu trúc";
    X04OwnSignature, "X04_OWN_SIGNATURE", Block, "The signature made here on this document does not verify, though it was signed twice; its original is kept, and the verdict says what does not hold; have that looked at, then replay it."
        "Chữ ký số vừa tạo cho tài liệu này không đạt khi tự kiểm tra, dù đã ký hai lần; tệp gốc được giữ nguyên, kết quả kiểm tra nêu rõ lỗi; cho xem xét rồi gửi xử lý lại."
        "a signature that verifies"
        "chữ ký số kiểm tra hợp lệ";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reason code")]
pub struct UnknownCode(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse::<Code>().as_ref(), Ok(code));
        }
        let vietnamese = |code: &Code| !code.sentence_vi().is_ascii();
        assert!(Code::ALL.iter().all(vietnamese));
        assert!(Code::ALL.iter().all(|code| !code.expected().is_empty()));
        assert_eq!("X99".parse::<Code>(), Err(UnknownCode("X99".into())));
    }
}
