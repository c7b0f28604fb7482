# Facts every other package reads: the clock, the limits in force, the flags, and a check that
# the input has the shape the rules expect. Nothing here decides an outcome.
package facts

# The time of the decision comes with the input, never from the machine, so that a recorded
# decision can be replayed.
now_ns := input.time.ns if {
	is_number(input.time.ns)
	input.time.ns > 0
}

# A limit is the tenant's own value where it has the right type, else the shipped one.
limit(name) := input.limits[name] if {
	tenant_sets(name)
} else := data.facts.defaults[name]

tenant_sets(name) if {
	is_number(input.limits[name])
	input.limits[name] >= 0
}

# How old a fact is. A point in time grows older on its own, `age_seconds` is the age at intake; the
# first wins where both are given. A fact from the future has no age.
age_seconds(doc) := age if {
	age := (now_ns - at_ns(doc)) / 1000000000
	age >= 0
}

age_seconds(doc) := doc.age_seconds if {
	not at_ns(doc)
	is_number(doc.age_seconds)
	doc.age_seconds >= 0
}

at_ns(doc) := doc.fetched_at_ns if {
	is_number(doc.fetched_at_ns)
} else := doc.granted_at_ns if {
	is_number(doc.granted_at_ns)
}

# A document without a usable age is not fresh.
fresh(doc, limit_name) if age_seconds(doc) <= limit(limit_name)

flags := {flag | some flag in input.flags}

injection_suspected if "prompt_injection_suspected" in flags

# Two names are the same person when they differ by case or surrounding blanks only.
same_name(a, b) if {
	name_of(a) == name_of(b)
	name_of(a) != ""
}

name_of(value) := lower(trim(value, " \t\r\n")) if is_string(value)

# Every name the subject goes by.
subject_names contains name_of(value) if {
	some key in ["id", "target_ref", "email"]
	value := input.subject[key]
	name_of(value) != ""
}

# What is present must have the type that the rules read; a fact of another type would make rules
# undefined that should have spoken, so it is reported instead.
malformed contains concat(".", array.concat(section.path, [field])) if {
	some section in data.facts.shapes
	some field, value in object.get(input, section.path, {})
	not type_name(value) in {object.get(section.fields, field, type_name(value)), "null"}
}

# The same for the members of arrays.
malformed contains sprintf("%s[]", [concat(".", list.path)]) if {
	some list in data.facts.lists
	some member in object.get(input, list.path, [])
	type_name(member) != list.type
}
