# Settings in base data, changed by the request's operations.
package trees

patched := json.patch(data.settings, input.patches)
