# SPDX-License-Identifier: BSD-2-Clause
# bash completion for dkimkeygen; the options come from its own --help.
_dkimkeygen()
{
	local cur prev words cword verb=new
	local verbs="new record list rotate retire revoke adopt encrypt check"
	_init_completion || return
	if [ "$cword" -eq 1 ] && [[ $cur != -?* ]]; then
		COMPREPLY=($(compgen -W "$verbs -d --help --version" \
		    -- "$cur"))
		return
	fi
	[[ " $verbs " != *" ${words[1]} "* ]] || verb=${words[1]}
	case $prev in
	-t | --type)
		COMPREPLY=($(compgen -W "rsa ed25519" -- "$cur"))
		return
		;;
	-f | --format)
		COMPREPLY=($(compgen -W "zone value form json nsupdate" -- "$cur"))
		return
		;;
	--publish)
		COMPREPLY=($(compgen -W "print nsupdate hook:" -- "$cur"))
		return
		;;
	-D | --directory | --disclose | -K | --key-store)
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
