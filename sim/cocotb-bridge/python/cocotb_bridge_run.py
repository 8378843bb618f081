"""Runs one cocotb job: `python cocotb_bridge_run.py job.json`.

Works with the runners of cocotb 1.8 and 1.9 (cocotb.runner) and 2.x (cocotb_tools.runner). Writes a JSON file with the
outcome of each test, so that the caller needs neither an XML parser nor this process's exit code.
"""

import json
import os
import signal
import sys
import threading
import xml.etree.ElementTree as ElementTree
from importlib.metadata import version
from pathlib import Path


def die_with_parent():
    """Stops this process group (the simulator too) when the parent is gone, which shows as the end of our input."""
    pipe = os.dup(0)
    # The simulator must not read from that pipe.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def watch():
        while os.read(pipe, 1):
            pass
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def load_runner():
    try:
        from cocotb_tools.runner import get_runner
    except ImportError:
        from cocotb.runner import get_runner
    return get_runner


def simulator_arguments(job, build_dir):
    """
    Arguments that give sources without `timescale one, since without it no clock period can be represented; and Icarus
    the root, which cocotb 1.8 does not tell it: it would elaborate every module that no other one uses.
    """
    if job["simulator"] == "icarus":
        command_file = build_dir / "timescale.f"
        command_file.write_text("+timescale+{}\n".format(job["timescale"]))
        return ["-f", str(command_file), "-s", job["toplevel"], *job["buildArgs"]]
    return ["--timescale", job["timescale"], *job["buildArgs"]]


def run(job, results_xml):
    build_dir = Path(job["buildDir"])
    build_dir.mkdir(parents=True, exist_ok=True)
    # The runner hands its own sys.path to the simulator's embedded Python.
    sys.path[:0] = job["pythonPath"]
    # Under pytest the runner would choose other file names and raise on failed tests.
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    runner = load_runner()(job["simulator"])
    sources = "sources" if int(version("cocotb").split(".")[0]) >= 2 else "verilog_sources"
    runner.build(
        **{sources: job["sources"]},
        hdl_toplevel=job["toplevel"],
        includes=job["includeDirs"],
        defines=job["defines"],
        parameters=job["parameters"],
        build_args=simulator_arguments(job, build_dir),
        build_dir=str(build_dir),
        always=True,
    )
    runner.test(
        hdl_toplevel=job["toplevel"],
        test_module=job["testModule"],
        parameters=job["parameters"],
        seed=job["seed"],
        build_dir=str(build_dir),
        test_dir=str(build_dir),
        results_xml=results_xml.name,
    )


def message_of(element):
    """cocotb 1.x gives `message`, 2.x `error_type` and `error_msg` or text."""
    named = [element.get(key) for key in ("error_type", "type", "error_msg", "message")]
    words = [word for word in [*named, (element.text or "").strip()] if word]
    return ": ".join(dict.fromkeys(words))


def read_results(results_xml):
    tests = []
    for case in ElementTree.parse(results_xml).iter("testcase"):
        failures = [*case.findall("failure"), *case.findall("error")]
        skipped = case.find("skipped") is not None
        tests.append(
            {
                "name": "{}.{}".format(case.get("classname"), case.get("name")),
                "status": "failed" if failures else "skipped" if skipped else "passed",
                "message": "; ".join(message_of(failure) or "failed" for failure in failures),
                "seconds": float(case.get("time") or 0),
            }
        )
    return tests


def main():
    job = json.loads(Path(sys.argv[1]).read_text())
    results_xml = Path(job["buildDir"]) / "results.xml"
    if results_xml.exists():
        results_xml.unlink()
    if job["ownGroup"]:
        die_with_parent()
    message = ""
    try:
        run(job, results_xml)
    except SystemExit as error:
        # The runners leave this way when a command fails, even after results have been written.
        message = "" if error.code in (None, 0) else "cocotb's runner stopped: {}".format(error.code)
    except Exception as error:
        message = "{}: {}".format(type(error).__name__, error)
    tests = []
    if results_xml.exists():
        try:
            tests = read_results(results_xml)
        except ElementTree.ParseError as error:
            message = message or "the simulation died while it wrote its results ({})".format(error)
    if not message and not tests:
        message = "the module {} has no tests, or the simulation ended early".format(job["testModule"])
    Path(job["resultFile"]).write_text(json.dumps({"tests": tests, "message": message}))
    sys.exit(1 if message or any(test["status"] == "failed" for test in tests) else 0)


if __name__ == "__main__":
    main()
