package a.b_test

import data.t

test_ok if { print("hello", 1); true }
test_fail if { print("in fail"); 1 == 2 }
test_fail if { true }
todo_test_x if { true }
test_err if { 1/0 == 2 }
test_two if { x := 1/0; y := to_number("x") }
test_val := 7
test_p[n] if { some n, v in {"a": true, "b": false, "c": true}; v }
test_q[n][m] := r if { some n in ["x","y"]; some m in ["k","l"]; r := n == "x" }
test_conf := 1
test_conf2 := 1 if { true }
test_conf2 := 2 if { true }
test_nested.deep if { true }
sub.test_s if { false }
default test_d := false
test_d if { true }
