# Which templates a request contains, member for member.
package shapes

fitting contains template.name if {
	some template in data.templates
	object.subset(input, template.shape)
}
