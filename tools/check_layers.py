# SPDX-License-Identifier: Apache-2.0
"""Layers are one-way: fails on an include (or a link) that goes up or sideways.

The table below is the law that docs/architecture.md draws; which public header belongs to which
layer is read from the ringcache_layer() calls of CMakeLists.txt.
"""
import re
import sys

import house

# layer: (folder, layers it may use, third-party includes it may use in its .cc and private headers)
PROTO = ("grpcpp/", "grpc/", "google/protobuf/", "*.pb.h")
LAYERS = {
    "base": ("src/base", (), ()),
    "cache": ("src/cache", ("base",), ()),
    "cluster": ("src/cluster", ("base",), ()),
    "core": ("src/group", ("base", "cache", "cluster"), ()),
    "net": ("src/net", ("base",), ("boost/",)),
    "http": ("src/http", ("base", "cluster", "net"), ("boost/", "nlohmann/")),
    "grpc": ("src/grpc", ("base", "cluster"), PROTO),
    "etcd": ("src/etcd", ("base", "cluster"), (*PROTO, "nlohmann/")),
    "sql": ("src/sql", ("base",), ("sqlite3.h", "mysql.h", "libpq-fe.h", "nlohmann/")),
    "testing": ("include/ringcache/testing", ("base", "cache", "cluster", "core"), ()),
    "node": ("src/node", ("base", "cache", "cluster", "core", "http", "grpc", "etcd", "sql"),
             ("yaml-cpp/", "nlohmann/", "spdlog/", "fmt/")),
}
CORE = ("base", "cache", "cluster", "core")
POSIX = {"time.h", "pthread.h", "sched.h", "sys/mman.h", "malloc.h"}  # what the standard library lacks, for base
INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.MULTILINE)
LAYER_CALL = re.compile(r"ringcache_layer\(\s*(\w+)\s([^)]*)\)")


def layer_calls(root):
    """{layer: {keyword: [arguments]}} of the root CMakeLists.txt."""
    text = re.sub(r"#[^\n]*", "", house.read(root, "CMakeLists.txt"))
    calls = {}
    for name, rest in LAYER_CALL.findall(text):
        keyword, arguments = "", {}
        for word in rest.split():
            if word in ("FOLDER", "HEADERS", "DEPENDS", "PRIVATE"):
                keyword = word
            else:
                arguments.setdefault(keyword, []).append(word)
        calls[name] = arguments
    return calls


def includes(root, path):
    text = house.read(root, path)
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(1)) + 1, match.group(1)


def is_standard(name):
    return re.fullmatch(r"[a-z_]+", name) is not None  # <vector>, <string_view>, never <x.h>


def allowed(name, patterns):
    return any(name.endswith(p[1:]) if p.startswith("*") else name.startswith(p) for p in patterns)


def layer_of(path):
    """The layer whose folder the file lies in, or None."""
    for layer, (folder, _, _) in LAYERS.items():
        if path.as_posix().startswith(folder + "/"):
            return layer
    return None


def target_layer(include, headers):
    """The layer that an include of ours leads to; None: not ours, or unknown."""
    name = include[1:-1]
    if include.startswith("<ringcache/"):
        return headers.get(name.removeprefix("ringcache/"))
    for layer, (folder, _, _) in LAYERS.items():
        if include.startswith('"') and name.startswith(folder.removeprefix("src/") + "/"):
            return layer
    return None


def judge(include, layer, public, headers):
    """Why this include is wrong in a file of this layer, or None."""
    folder, uses, third_party = LAYERS[layer]
    name, target = include[1:-1], target_layer(include, headers)
    if name.startswith("ringcache/testing/"):
        return None if layer == "testing" else "only tests may use ringcache/testing"
    if include.startswith('"ringcache/'):
        return "public headers are included with < >"
    if include.startswith("<ringcache/") and target is None:
        return "no layer has this header (HEADERS in CMakeLists.txt)"
    if target is not None and target != layer and target not in uses:
        return f"layer {layer} may not use layer {target}"
    if target is not None:
        if public and include.startswith('"'):
            return "a public header may not include a private one"
        return None
    if include.startswith("<") and is_standard(name):
        return None
    if public:
        return "a public header includes only the standard library and public headers"
    if layer in CORE:
        posix = layer == "base" and name in POSIX
        return None if posix else "the core uses the standard library alone"
    if allowed(name, third_party):
        return None
    system = ("sys/", "netinet/", "arpa/", "linux/")
    if include.startswith("<") and "/" not in name or name.startswith(system):
        return None
    return f"layer {layer} may not use this library"


def check_file(root, path, headers):
    public = path.parts[0] == "include"
    layer = layer_of(path)
    if public and layer is None:
        layer = headers.get(path.relative_to("include/ringcache").as_posix())
    if layer is None:
        yield f"{path}: belongs to no layer"
        return
    for line, include in includes(root, path):
        complaint = judge(include, layer, public, headers)
        if complaint:
            yield f"{path}:{line}: {include}: {complaint}"


def check_outside(root, path):
    """Programs and examples stand outside: they see public headers alone."""
    folders = tuple(folder.removeprefix("src/") + "/" for folder, _, _ in LAYERS.values())
    for line, include in includes(root, path):
        if include.startswith('"') and include[1:].startswith(folders):
            yield f"{path}:{line}: {include}: private to its layer"


def check_links(calls):
    for name, arguments in calls.items():
        if name not in LAYERS:
            yield f"CMakeLists.txt: layer {name} is not in tools/check_layers.py"
            continue
        for used in arguments.get("DEPENDS", ()):
            if used not in LAYERS[name][1]:
                yield f"CMakeLists.txt: layer {name} may not link layer {used}"


def check(root):
    calls = layer_calls(root)
    headers = {h: name for name, arguments in calls.items() for h in arguments.get("HEADERS", ())}
    complaints = list(check_links(calls))
    for path in house.cpp_files(root, "include", "src"):
        complaints += check_file(root, path, headers)
    for path in house.cpp_files(root, "apps", "examples"):
        complaints += check_outside(root, path)
    return complaints


if __name__ == "__main__":
    sys.exit(house.main("layers", check))
