# Asks a large base document for one member: what is measured is loading it.
package loaded

found := data.accounts[input.account].owner
