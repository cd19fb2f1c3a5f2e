# SPDX-License-Identifier: BSD-2-Clause
# bash completion for dkimkeygen; the options come from its own --help.
_dkimkeygen()
{
	local cur prev words cword verb=new
	_init_completion || return
	if [ "$cword" -eq 1 ] && [[ $cur != -?* ]]; then
		COMPREPLY=($(compgen -W "new check -d --help --version" \
		    -- "$cur"))
		return
	fi
	[ "${words[1]}" != check ] || verb=check
	case $prev in
	-t | --type)
		COMPREPLY=($(compgen -W "rsa ed25519" -- "$cur"))
		return
		;;
	-f | --format)
		COMPREPLY=($(compgen -W "zone value json nsupdate" -- "$cur"))
		return
		;;
	-D | --directory)
		_filedir -d
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W \
		    "$(_parse_help "$1" "$verb --help")" -- "$cur"))
		return
	fi
	_filedir
} &&
	complete -F _dkimkeygen dkimkeygen
