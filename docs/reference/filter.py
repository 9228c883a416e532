#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""filter.py HEADER: prints a header of plain C comments as Doxygen reads it.

Doxygen's own marks would be noise in a header that people read as it is. Here a comment that opens a line gets `/**`, one
behind code `/**<`; of `uint32_t a, b; /* sizes */` both fields are documented; an indented line of a comment is a formula
and keeps its form. What has no comment stays without one, and Doxygen refuses it.
"""
import re
import sys


def prose(text):
    """The inside of a comment: formulas verbatim, and nothing else that Doxygen could take for a command."""
    out, formula = [], False
    for line in text.split('\n'):
        line = re.sub(r'^\s*\* ?', '', line)
        if line.strip() and line.startswith('  ') != formula:
            out.append('@endverbatim' if formula else '@verbatim')
            formula = not formula
        out.append(line if formula else re.sub(r'([\\@<>#%&])', r'\\\1', line))
    return '\n'.join(out + ['@endverbatim'] * formula)


def mark(source):
    out, at = [], 0
    for match in re.finditer(r'/\*(.*?)\*/', source, re.S):
        text = match.group(1)
        code = source[source.rfind('\n', 0, match.start()) + 1:match.start()]
        if text.startswith((' SPDX', ' ----')):
            continue
        out.append(source[at:match.start()])
        if code.strip():
            out.append(f'/**<{prose(text)}*/')
        elif '#ifndef' not in source[:match.start()]:
            out.append(f'/** @file\n{prose(text)}*/')
        else:
            out.append(f'/**{prose(text)}*/')
        at = match.end()
    return ''.join(out + [source[at:]])


def split(match):
    """`T a, *b; remark` as one declaration for each field, with the same remark."""
    kind, names, remark = match.groups()
    return '\n'.join(f'    {kind} {name}; {remark or ""}' for name in re.split(r',\s*', names))


with open(sys.argv[1], encoding='utf-8') as header:
    marked = mark(header.read())
NAME = r'\*?\w+(?:\[\w+\])?'
print(re.sub(rf'^    ((?:const )?(?:struct )?\w+) ((?:{NAME},\s*)+{NAME});[ ]*(/\*\*<(?:[^*]|\*(?!/))*\*/)?', split, marked,
             flags=re.M), end='')
