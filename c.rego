package test
one := 1
f([{1}, x]) := x
p := f([{1}, 2])
