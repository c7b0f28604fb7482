package x
import data.y as z
# METADATA
# title: t
# custom:
#  b: 1
#  a: {text: 1, file: 2}
default f(x) := 1
f(x) := y if { some y in [1]; every k, v in [1] { k == v } with input as 1 } else := 3 if x == 1
