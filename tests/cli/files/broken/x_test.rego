package x_test
test_a if { nope(1) }
