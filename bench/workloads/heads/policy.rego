# One document out of many small rules.
package heads

report.service := input.service

report.open[finding.level] contains finding.id if {
	some finding in input.findings
	not finding.waived
}

report.waived[finding.id] := finding.area if {
	some finding in input.findings
	finding.waived
}

report.verdict := "stop" if report.open.severe

report.verdict := "go" if not report.open.severe
