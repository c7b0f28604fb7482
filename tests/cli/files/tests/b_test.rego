package second_test
test_b if { false }
test_c if { true }
