#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check-kubernetes.py PROGRAM FILE... - the examples for Kubernetes, held against the program and against themselves:
options, environment and configuration by `spanspool config check` and `config show`, ports and paths of probes, volumes
and their mounts, labels and their selectors. TAP."""
import os
import subprocess
import sys
import tempfile

import yaml

PATHS = {"/", "/health/live", "/health/ready"}
OPTION_OF_PORT = {
    "zipkin-compact": "processor.zipkin-compact.server-host-port",
    "jaeger-compact": "processor.jaeger-compact.server-host-port",
    "jaeger-binary": "processor.jaeger-binary.server-host-port",
    "sampling": "http-server.host-port",
    "admin": "admin.http.host-port",
}
program = sys.argv[1]
count = failed = 0


def report(good, sentence):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {sentence}")


class Strict(yaml.SafeLoader):
    """Two equal keys of a mapping are an error, as they are to Kubernetes."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError(f"a key stands twice at line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def ask(what, container, files):
    """`spanspool config WHAT` with the container's options, environment and files of its ConfigMaps."""
    with tempfile.TemporaryDirectory() as directory:
        arguments = []
        for argument in container["args"][1:]:
            for path, text in files.items():
                if argument == f"--config-file={path}":
                    copy = os.path.join(directory, os.path.basename(path))
                    with open(copy, "w", encoding="utf-8") as file:
                        file.write(text)
                    argument = f"--config-file={copy}"
            arguments.append(argument)
        environment = {e["name"]: e.get("value", "node-1") for e in container.get("env", [])}
        return subprocess.run([program, "config", what, container["args"][0], *arguments], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def check_container(where, container, files):
    checked = ask("check", container, files)
    report(checked.returncode == 0, f"{where}: the program takes its options {checked.stderr.strip()}")
    report("warning" not in checked.stdout + checked.stderr, f"{where}: and warns of none")
    shown = ask("show", container, files).stdout.split()
    for port in container["ports"]:
        option = OPTION_OF_PORT[port["name"]]
        value = shown[shown.index(option) + 1] if option in shown else ""
        report(value.rpartition(":")[2] == str(port["containerPort"]), f"{where}: {option} is port {port['containerPort']}")
        report(port["protocol"] == ("UDP" if option.startswith("processor") else "TCP"), f"{where}: by its protocol")
    names = {port["name"] for port in container["ports"]}
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(kind)
        if probe is not None:
            get = probe["httpGet"]
            report(get["path"] in PATHS and get["port"] in names, f"{where}: {kind} asks {get['path']} of {get['port']}")
    security = container["securityContext"]
    report(security["runAsNonRoot"] and security["readOnlyRootFilesystem"] and security["runAsUser"] == 10001 and
           security["capabilities"] == {"drop": ["ALL"]} and not security["allowPrivilegeEscalation"],
           f"{where}: it needs no right")


def check_workload(name, object_, maps):
    spec = object_["spec"]["template"]["spec"]
    labels = object_["spec"]["template"]["metadata"]["labels"]
    report(object_["spec"]["selector"]["matchLabels"].items() <= labels.items(), f"{name}: its selector finds its pods")
    report(spec["terminationGracePeriodSeconds"] > 5, f"{name}: a stop has more time than shutdown.timeout")
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    used = set()
    for container in spec.get("initContainers", []) + spec["containers"]:
        mounts = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", [])}
        used |= mounts.keys()
        report(mounts.keys() <= volumes.keys(), f"{name}: {container['name']} mounts volumes that there are")
        files = {}
        for volume, path in mounts.items():
            if "configMap" in volumes[volume]:
                for file, text in maps[volumes[volume]["configMap"]["name"]].items():
                    files[f"{path}/{file}"] = text
        if container["image"].startswith("spanspool:"):
            check_container(f"{name}: {container['name']}", container, files)
            if container["args"][0] == "agent":
                place = {e["name"]: e.get("value") for e in container["env"]}["SPOOL_DIRECTORY"]
                report(place in mounts.values(), f"{name}: the spool is on a volume")
    report(used == volumes.keys(), f"{name}: each volume is mounted")


def main():
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            objects = list(yaml.load_all(file, Strict))
        maps = {o["metadata"]["name"]: o["data"] for o in objects if o["kind"] == "ConfigMap"}
        workloads = [o for o in objects if o["kind"] in ("DaemonSet", "Deployment")]
        report(len(workloads) == 1 and len(maps) + 1 == len(objects), f"{os.path.basename(path)}: one workload, and its maps")
        for object_ in workloads:
            check_workload(os.path.basename(path), object_, maps)
    print(f"1..{count}")
    return failed > 0


sys.exit(main())
