# SPDX-License-Identifier: BSD-2-Clause
# The co-process's side of the requests and answers of test/lib/fields.h.
package Fields;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(request answer);

binmode STDIN;
binmode STDOUT;
STDOUT->autoflush(1);

# The program ends with the requests.
sub number {
	my $line = <STDIN>;
	exit 0 unless defined $line;
	return 0 + $line;
}

sub request {
	return map {
		my $n = number();
		my $data = '';
		read(STDIN, $data, $n) == $n or exit 1;
		$data;
	} 1 .. number();
}

sub answer {
	print scalar(@_), "\n", map { (length($_), "\n", $_) } @_;
}

1;
