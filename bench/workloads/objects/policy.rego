# Records without what the caller may not see, and with a label that has a default.
package trees

trimmed := [shown |
	some record in input.records
	tier := object.get(record, ["labels", "tier"], "none")
	shown := object.union(object.remove(record, input.hide), {"tier": tier, "fields": count(object.keys(record))})
]
