"""Has every example answer the same questions, from a folder and from S3: equal answers, or exit 1.

The S3 server is VersityGW over the folder's parent, so both are the same bytes by different ways.
Exit 77 when the server cannot be had.
"""

import argparse
import csv
import io
import os
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
EXAMPLES = {
    "DuckDB": [sys.executable, HERE / "with_duckdb.py"],
    "Polars": [sys.executable, HERE / "with_polars.py"],
    "pandas": [sys.executable, HERE / "with_pandas.py"],
    "DataFusion": [HERE / "with_sohoa"],
}
DEADLINE = 60


def answer(command, output, environment):
    ran = subprocess.run(
        [*map(str, command), output], env=os.environ | environment, capture_output=True, text=True
    )
    if ran.returncode != 0:
        sys.exit(f"{command[-1]} on {output}: {ran.stderr[-2000:]}")
    return ran.stdout


def unquoted(text):
    """A value with a comma or quotation mark is quoted in CSV; the others print it bare."""
    return [row[0] if row else "" for row in csv.reader(io.StringIO(text))]


def lines(name, text):
    return unquoted(text) if name == "DataFusion" else text.splitlines()


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def serve(program, root):
    port = free_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "readers",
        "AWS_SECRET_ACCESS_KEY": "readers-secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
    }
    server = subprocess.Popen(
        [program, "--access", "readers", "--secret", "readers-secret", "--region", "us-east-1",
         "--quiet", "--port", f"127.0.0.1:{port}", "--readonly", "posix", str(root)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + DEADLINE
    while True:
        if server.poll() is not None:
            sys.exit(f"the S3 server ended with {server.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server, environment
        except OSError:
            if time.monotonic() > until:
                server.kill()
                sys.exit("the S3 server does not answer")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=pathlib.Path)
    output = parser.parse_args().output.resolve()
    program = os.environ.get("SOHOA_VERSITYGW")
    if not program:
        print("no S3 server: see tests/services/obtain")
        sys.exit(77)
    server, environment = serve(program, output.parent)
    try:
        places = [(str(output), {}), (f"s3://{output.name}", environment)]
        answers = {
            (name, place): lines(name, answer(command, place, further))
            for name, command in EXAMPLES.items()
            for place, further in places
        }
    finally:
        server.kill()
        server.wait()
    first = answers["DuckDB", str(output)]
    if len(first) < 6:
        sys.exit(f"the questions have hardly an answer: {first}")
    for (name, place), given in answers.items():
        if given != first:
            differing = [(a, b) for a, b in zip(first, given) if a != b][:3]
            sys.exit(f"{name} on {place}: {len(given)} lines for {len(first)}, {differing}")
    print(f"{len(answers)} answers of {len(first)} lines are equal")


main()
