#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_names.py HEADER... -- PAGE...: every lw_ and LW_ name on the pages is one of the public headers' names.

A name that ends with _ stands for all that begin with it. Every descriptor of the headers (a struct that begins with
struct_bytes) is in tests/test_descriptors.c, too.
"""
import re
import sys

split = sys.argv.index('--')
known, descriptors = set(), set()
for path in sys.argv[1:split]:
    with open(path, encoding='utf-8') as file:
        code = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
    known |= set(re.findall(r'\b(?:lw|LW)_\w+', code))
    if path.endswith('lanewise.h'):
        descriptors |= set(re.findall(r'struct (lw_\w+) \{\s*uint32_t struct_bytes;', code))
wrong = 0
with open('tests/test_descriptors.c', encoding='utf-8') as file:
    tested = file.read()
for name in sorted(descriptors):
    if f'{name}_validate(' not in tested or f'static const struct {name} ' not in tested:
        print(f'tests/test_descriptors.c: {name} is not there')
        wrong += 1
if len(descriptors) < 20:
    print(f'only {len(descriptors)} descriptors were found')
    wrong += 1
for path in sys.argv[split + 1:]:
    with open(path, encoding='utf-8') as file:
        names = re.findall(r'\b(?:lw|LW)_\w*', file.read())
    if not names:
        print(f'{path}: no name at all')
        wrong += 1
    for name in sorted(set(names)):
        if name not in known and not (name.endswith('_') and any(k.startswith(name) for k in known)):
            print(f'{path}: {name} is not in the headers')
            wrong += 1
sys.exit(wrong > 0)
