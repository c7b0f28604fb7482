package ok_test
test_one if { true }
test_many[n] if { some n, v in {"a": 1, "b": 2}; v < 3 }
