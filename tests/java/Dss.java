import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.PDFRevisionWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * An independent judge of signatures: the European Commission's DSS, with its default policy and no
 * network. Usage: {@code Dss [--root FILE] [--list FILE.crl]... FILE.pdf...}; without a root every
 * chain is untrusted, which is what real files of another country are judged with.
 *
 * <p>Prints one JSON object a file: {@code signatures}, each with its field, indication and
 * sub-indication (EN 319 102-1), level, whether it is intact, whether it covers the file up to its
 * end, and what DSS has against it. A file that DSS gives up on has an {@code error} instead.
 */
public final class Dss {
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ENGLISH);
    CommonTrustedCertificateSource trusted = new CommonTrustedCertificateSource();
    List<InputStream> lists = new ArrayList<>();
    int at = 0;
    for (; at + 1 < arguments.length && arguments[at].startsWith("--"); at += 2) {
      if (arguments[at].equals("--root")) {
        trusted.addCertificate(DSSUtils.loadCertificate(new File(arguments[at + 1])));
      } else {
        lists.add(new FileInputStream(arguments[at + 1]));
      }
    }
    ExternalResourcesCRLSource published =
        new ExternalResourcesCRLSource(lists.toArray(InputStream[]::new));
    for (; at < arguments.length; at++) {
      System.out.println(line(arguments[at], trusted, published));
    }
  }

  private static String line(
      String file, CommonTrustedCertificateSource trusted, ExternalResourcesCRLSource published) {
    String head = "{\"file\": " + quoted(file);
    try {
      CommonCertificateVerifier verifier = new CommonCertificateVerifier();
      verifier.setTrustedCertSources(trusted);
      verifier.setAIASource(null);
      verifier.setOcspSource(null);
      verifier.setCrlSource(published);
      SignedDocumentValidator validator =
          SignedDocumentValidator.fromDocument(new FileDocument(file));
      validator.setCertificateVerifier(verifier);
      Reports reports = validator.validateDocument();
      long size = new File(file).length();
      List<String> signatures =
          reports.getSimpleReport().getSignatureIdList().stream()
              .map(id -> signature(id, reports, size))
              .toList();
      long stamps =
          reports.getDiagnosticData().getTimestampList().stream()
              .filter(stamp -> stamp.getPDFRevision() != null)
              .filter(TimestampWrapper::isSignatureIntact)
              .count();
      return head + ", \"stamps\": " + stamps + ", \"signatures\": " + signatures + "}";
    } catch (RuntimeException error) {
      // A judge that gives up on a file has judged it; the reason is part of the answer.
      return head + ", \"error\": " + quoted(String.valueOf(error)) + "}";
    }
  }

  private static String signature(String id, Reports reports, long size) {
    SimpleReport simple = reports.getSimpleReport();
    DiagnosticData data = reports.getDiagnosticData();
    SignatureWrapper found = data.getSignatureById(id);
    PDFRevisionWrapper revision = found.getPDFRevision();
    List<BigInteger> range = revision.getSignatureByteRange();
    boolean whole = range.get(2).add(range.get(3)).longValue() == size;
    String against =
        simple.getAdESValidationErrors(id).stream()
            .map(message -> quoted(message.getValue()))
            .collect(Collectors.joining(", "));
    return String.format(
        "{\"field\": %s, \"indication\": %s, \"sub_indication\": %s, \"level\": %s, \"intact\": %s,"
            + " \"covers_file\": %s, \"changed\": %s, \"why\": [%s]}",
        quoted(revision.getFirstFieldName()),
        quoted(String.valueOf(simple.getIndication(id))),
        simple.getSubIndication(id) == null ? "null" : quoted(simple.getSubIndication(id).name()),
        quoted(String.valueOf(simple.getSignatureFormat(id))),
        found.isSignatureIntact(),
        whole,
        revision.arePdfModificationsDetected() || revision.arePdfObjectModificationsDetected(),
        against);
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : String.valueOf(text).toCharArray()) {
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
