"""Reads a TensorBoard event file by nothing but its specification: prints a line of JSON an event.

Frames of a TFRecord file, whose sums are worked out bit by bit, then protocol buffers by their wire
types; the numbers of the fields are those of event.proto, summary.proto and tensor.proto."""
import json
import struct
import sys

FIELDS = {
    "event": {1: "wall_time", 2: "step", 3: "file_version", 5: ("summary", "summary")},
    "summary": {1: ("value", "value")},
    "value": {1: "tag", 2: "simple_value", 4: ("image", "image"), 5: ("histo", "histo"),
              8: ("tensor", "tensor"), 9: ("metadata", "metadata")},
    "image": {1: "height", 2: "width", 3: "colorspace", 4: "png"},
    "histo": {1: "min", 2: "max", 3: "num", 4: "sum", 5: "sum_squares", 6: "limit", 7: "bucket"},
    "tensor": {1: "dtype", 2: ("shape", "shape"), 8: "string_val"},
    "shape": {2: ("dim", "dim")}, "dim": {1: "size"},
    "metadata": {1: ("plugin_data", "plugin")}, "plugin": {1: "plugin_name"},
}


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def message(kind, data):
    out, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        name = FIELDS[kind][key >> 3]
        if key & 7 == 0:
            value, at = varint(data, at)
            value -= (value >> 63) << 64
        elif key & 7 == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif key & 7 == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
            if name in ("limit", "bucket"):
                value = struct.unpack("<%dd" % (size // 8), value)
            elif name == "png":
                value = value.hex()
            elif isinstance(name, str):
                value = value.decode()
        if isinstance(name, tuple):
            out.setdefault(name[0], []).append(message(name[1], value))
        else:
            assert name not in out
            out[name] = value
    return out


data = open(sys.argv[1], "rb").read()
while data:
    size, sum_of_size = struct.unpack_from("<QI", data)
    event, rest = data[12:12 + size], data[12 + size:]
    assert sum_of_size == masked(data[:8])
    assert struct.unpack_from("<I", rest)[0] == masked(event)
    print(json.dumps(message("event", event)))
    data = rest[4:]
