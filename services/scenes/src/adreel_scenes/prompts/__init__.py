"""What models are asked, as versioned files. A change of wording is a new version beside the old one."""
