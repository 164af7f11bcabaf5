using CityHub.Core.Problems;

namespace CityHub.Server.CommandLine;

/// <summary>
/// Reads what stands after a verb: <c>--name value</c>, <c>--name=value</c>, <c>--switch</c>, plain words; after <c>--</c> everything is a plain word.
/// </summary>
internal static class CommandLineReader
{
    public static readonly Option Help = new("--help", "This text");

    public static Result<VerbCall> Read(IVerb verb, IReadOnlyList<string> words, Surroundings surroundings)
    {
        var arguments = new List<string>();
        var options = new List<KeyValuePair<string, string>>();
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (word == "--")
            {
                arguments.AddRange(words.Skip(i + 1));
                break;
            }

            if (word.Length < 2 || word[0] != '-' || char.IsAsciiDigit(word[1]))
            {
                arguments.Add(word);
                continue;
            }

            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? word : word[..equals];
            var option = verb.Options.FirstOrDefault(o => o.Name == name);
            if (option is null)
                return Unknown(verb, name);

            string value;
            if (option.Value is null)
            {
                if (equals >= 0)
                    return UsageProblems.BadCommandLine.Because($"{name} is a switch and takes no value.");
                value = "true";
            }
            else if (equals >= 0)
            {
                value = word[(equals + 1)..];
            }
            else if (i + 1 < words.Count && !IsOptionOf(verb, words[i + 1]))
            {
                value = words[++i];
            }
            else
            {
                return UsageProblems.BadCommandLine.Because($"{name} takes a value: {name} {option.Value}.");
            }

            if (option.Allowed.Count > 0 && !option.Allowed.Contains(value))
            {
                var near = Suggestion.For(value, option.Allowed);
                return UsageProblems.BadCommandLine.Because(
                    $"{name} is {value}; it is one of {string.Join(", ", option.Allowed)}.", near is null ? null : $"Did you mean {name} {near}?");
            }

            if (!option.Repeats && options.Any(o => o.Key == name))
                return UsageProblems.BadCommandLine.Because($"{name} was given twice.");
            options.Add(new(name, value));
        }

        if (arguments.Count > 0 && verb.Arguments is null)
            return UsageProblems.BadCommandLine.Because($"cityhub {verb.Name} takes no plain words, and was given {arguments[0]}.", SeeHelp(verb));
        return new VerbCall(verb, surroundings, arguments, options);
    }

    private static bool IsOptionOf(IVerb verb, string word) =>
        word == "--" || verb.Options.Any(o => o.Name == word || word.StartsWith(o.Name + "=", StringComparison.Ordinal));

    private static Problem Unknown(IVerb verb, string name)
    {
        var near = Suggestion.For(name, verb.Options.Select(o => o.Name));
        return UsageProblems.BadCommandLine.Because($"cityhub {verb.Name} has no option {name}.", near is null ? SeeHelp(verb) : $"Did you mean {near}?");
    }

    private static string SeeHelp(IVerb verb) => $"See cityhub {verb.Name} --help.";
}
