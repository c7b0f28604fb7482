# Labels that must be there, and the form that their values must have.
package labels

violation contains {"msg": msg, "details": {"missing": missing}} if {
	given := {key | some key, _ in input.review.object.metadata.labels}
	required := {label.key | some label in input.parameters.labels}
	missing := required - given
	count(missing) > 0
	msg := message(sprintf("labels are missing: %v", [missing]))
}

violation contains {"msg": msg} if {
	some key, value in input.review.object.metadata.labels
	some label in input.parameters.labels
	label.key == key
	label.pattern != ""
	not regex.match(label.pattern, value)
	msg := message(sprintf("label <%v: %v> does not have the form %v", [key, value, label.pattern]))
}

message(otherwise) := otherwise if object.get(input, ["parameters", "message"], "") == ""

message(_) := input.parameters.message if input.parameters.message != ""
