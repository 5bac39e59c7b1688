"""The test PKI as a context: served while it is used, with configurations of `sohoa` for its holders."""

import os
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))

AGENCY = """[agency]
code = "H08.12"
name = "Sở Thử nghiệm tỉnh Mẫu"
[release]
delegation = "QĐ 1/UBND"
[[sign.agencies]]
code = "H08.12"
names = ["Sở Thử nghiệm tỉnh Mẫu, UBND tỉnh Mẫu"]
"""


class Pki:
    """Certificates and keys below `folder`, and who answers for them at `url`."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.url = None
        self.server = None

    def __enter__(self):
        serve = os.path.join(HERE, "serve")
        self.server = subprocess.Popen([serve, self.folder], stdin=subprocess.PIPE)
        path = self.path("url")
        while not os.path.exists(path):
            if self.server.poll() is not None:
                raise RuntimeError("tests/pki/serve ended before it answered")
            time.sleep(0.05)
        with open(path, encoding="ascii") as file:
            self.url = file.read()
        return self

    def __exit__(self, *_):
        self.server.stdin.close()
        self.server.wait()

    def path(self, name):
        return os.path.join(self.folder, name)

    def configuration(self, to, sign, stamper=""):
        """Writes a configuration with this in its `[sign]`, and answers where."""
        text = (
            f'[sign]\nroots = ["{self.path("root.pem")}"]\n'
            f'timestamp_url = "{self.url}/stamp{stamper}"\ntimestamp_policy = "1.2.3.4"\n{sign}\n'
        )
        with open(to, "w", encoding="utf-8") as file:
            file.write(text + AGENCY)
        return to

    def key_of(self, name):
        """Keys of `[sign]` for a holder whose key is a file."""
        return f'key = "{self.path(name + ".key")}"\nchain = "{self.path(name + ".chain")}"'
