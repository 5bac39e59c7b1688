#!/usr/bin/env python3
"""`sohoa sign` and `sohoa verify` as a user calls them, under a PKI of openssl's that answers over HTTP.

    holders.py --sohoa PROGRAM FOLDER DOCUMENT.pdf

The organisation's keys sign DOCUMENT.pdf at every level, with OCSP, lists and time-stamps by openssl
(tests/pki); the files stay in FOLDER under names that begin with their level, for other judges.
Whoever must not sign is refused before anything is written: a person, another agency, one of the same
name elsewhere, an expired and a revoked certificate, one under a root that nobody pinned. Authorities
that are down are told apart.
Exit 0 when all of it is so, 1 when something is not, 2 on wrong use.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pki"))

from pki import Pki  # noqa: E402

LEVELS = ["B-B", "B-T", "B-LT", "B-LTA"]
SIGNERS = {"organisation-rsa-3072": "rsa-pss", "organisation-p-384": "auto"}
# Who is refused, with which exit code and verdict; at any level.
REFUSED = {
    "person": (2, "(wrong_subject_kind)"),
    "other-agency": (2, "(wrong_agency)"),
    "namesake": (2, "(wrong_agency)"),
    "expired": (2, "(expired_at_signing)"),
    "stranger": (2, "(untrusted_chain)"),
    "revoked": (2, "revoked"),
}


class Judge:
    """Counts what is not as it should be."""

    def __init__(self, sohoa, folder, document):
        self.sohoa, self.folder, self.document = sohoa, folder, document
        self.wrong = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *command):
        return subprocess.run([self.sohoa, *command], capture_output=True, text=True, check=False)

    def hold(self, what, good, ran):
        if not good:
            self.wrong += 1
            print(f"{what}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}", file=sys.stderr)

    def sign(self, config, level, name):
        to = ["--output", self.path(name), "--level", level, "--config", config, "--json"]
        return self.run("sign", self.document, *to)

    def signs(self, pki, holder, scheme):
        config = pki.configuration(
            self.path(f"{holder}.toml"), f'scheme = "{scheme}"\n{pki.key_of(holder)}'
        )
        for level in LEVELS:
            name = f"{level}.{holder}.pdf"
            ran = self.sign(config, level, name)
            good = ran.returncode == 0 and json.loads(ran.stdout)["pades_level"] == level
            self.hold(f"{holder} signs at {level}", good, ran)
            # Without evidence in the file nobody can say more of it, and it is not valid.
            proven = level in ("B-LT", "B-LTA")
            said = "hợp lệ" if proven else "toàn vẹn và tin cậy"
            ran = self.run("verify", self.path(name), "--config", config)
            good = ran.returncode == (0 if proven else 6) and said in ran.stdout
            self.hold(f"{name} holds", good, ran)
            self.asks(name, config, 0, "hợp lệ")
            accept = "--accept-unknown-revocation"
            ran = self.run("verify", self.path(name), "--config", config, accept)
            self.hold(f"{name} when accepted", ran.returncode == 0, ran)

    def asks(self, name, config, exit_code, said):
        """What a verifier says who may ask the authorities."""
        ran = self.run("verify", self.path(name), "--config", config, "--online")
        good = ran.returncode == exit_code and said in ran.stdout
        self.hold(f"{name} when the authorities are asked", good, ran)

    def revoked(self, pki, holder):
        """A certificate that is revoked after it signed: what has no proven time is worth nothing."""
        config = pki.configuration(self.path(f"{holder}.toml"), pki.key_of(holder))
        # Not among those that others judge by what their authority says in the end.
        signed = "revoked-since.pdf"
        ran = self.sign(config, "B-B", signed)
        self.hold(f"{holder} signs", ran.returncode == 0, ran)
        self.asks(signed, config, 0, "hợp lệ")
        revoke = os.path.join(os.path.dirname(__file__), "..", "pki", "revoke")
        subprocess.run([revoke, pki.folder, holder, "keyCompromise"], check=True)
        self.asks(signed, config, 6, "đã bị thu hồi")
        self.refuses(config, "B-B", "its key was stolen", (2, "revoked"), holder)

    def refuses(self, config, level, why, expected, what):
        ran = self.sign(config, level, "refused.pdf")
        exit_code, word = expected
        good = ran.returncode == exit_code and word in ran.stderr
        good = good and not os.path.exists(self.path("refused.pdf"))
        self.hold(f"{what} is refused ({why})", good, ran)


def main(sohoa, folder, document):
    folder = os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    judge = Judge(sohoa, folder, document)
    with Pki(os.path.join(folder, "pki")) as pki:
        for holder, scheme in SIGNERS.items():
            judge.signs(pki, holder, scheme)
        for holder, expected in REFUSED.items():
            config = pki.configuration(judge.path(f"{holder}.toml"), pki.key_of(holder))
            for level in ("B-B", "B-LT"):
                judge.refuses(config, level, holder, expected, f"{holder} at {level}")
        judge.revoked(pki, "organisation-rsa-4096")
        signer = pki.key_of("organisation-rsa-2048")
        unfit = pki.configuration(judge.path("unfit.toml"), signer, "/stranger-stamper")
        judge.refuses(unfit, "B-T", "its authority", (4, "root"), "a stranger's time-stamp")
        # Nobody has asked about this certificate yet, so that no answer is kept.
        down = pki.configuration(judge.path("down.toml"), pki.key_of("organisation-p-256"))
        with open(pki.path("down"), "w", encoding="ascii"):
            pass
        for level in ("B-B", "B-T", "B-LT"):
            judge.refuses(down, level, "it is down", (4, "503"), f"a signature at {level}")
        # What was learnt before is kept for as long as its authority said.
        judge.asks("B-B.organisation-rsa-3072.pdf", judge.path("organisation-rsa-3072.toml"), 0, "hợp lệ")
    return 1 if judge.wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] != "--sohoa":
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    sys.exit(main(*sys.argv[2:]))
