package caps_test

test_x if count([1]) == 1
