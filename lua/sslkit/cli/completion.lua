-- sslkit completion bash: what teaches a shell our words.

local completion = {
  name = "completion",
  summary = "Print a script that lets the shell complete commands and options",
  description = "Prints a script that lets the shell complete commands, options and file names.",
  examples = {
    [[eval "$(sslkit completion bash)"        # in ~/.bashrc]],
    [[eval "$(sslkit completion zsh)"         # in ~/.zshrc, behind compinit]],
    [[sslkit completion fish | source         # in ~/.config/fish/config.fish]],
  },
}

local SHELLS = { "bash", "zsh", "fish" }

function completion.define(command)
  command:argument "shell"
    :choices(SHELLS)
    :description "bash, zsh or fish."
end

function completion.run(given, out)
  local root = out.root
  out:write(root[("get_%s_complete"):format(given.shell)](root))
end

return completion
