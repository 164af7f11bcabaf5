using System.Globalization;
using CityHub.Core.Problems;

namespace CityHub.Server.CommandLine;

/// <summary>A verb with what stood after it, checked against its <see cref="IVerb.Options"/>.</summary>
internal sealed class VerbCall(IVerb verb, Surroundings surroundings, IReadOnlyList<string> arguments, IReadOnlyList<KeyValuePair<string, string>> options)
{
    public IVerb Verb { get; } = verb;

    public Surroundings Surroundings { get; } = surroundings;

    public TextWriter Out => Surroundings.Out;

    public TextWriter Error => Surroundings.Error;

    /// <summary>The words that are not options.</summary>
    public IReadOnlyList<string> Arguments { get; } = arguments;

    /// <summary>The options in the order given; a switch has the value <c>true</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Options { get; } = options;

    public bool Has(string option) => Text(option) is not null;

    /// <summary>The value of an option; null when it was not given.</summary>
    public string? Text(string option)
    {
        Declared(option);
        foreach (var (name, value) in Options)
            if (name == option)
                return value;
        return null;
    }

    public IReadOnlyList<string> All(string option)
    {
        Declared(option);
        return [.. Options.Where(o => o.Key == option).Select(o => o.Value)];
    }

    /// <summary>A whole number; the default when it was not given.</summary>
    public Result<long> Number(string option, long otherwise, long least = long.MinValue, long most = long.MaxValue)
    {
        if (Text(option) is not { } text)
            return otherwise;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        var range = (least, most) switch
        {
            (long.MinValue, long.MaxValue) => "a whole number",
            (_, long.MaxValue) => $"a whole number of at least {least}",
            _ => $"a whole number between {least} and {most}",
        };
        return UsageProblems.BadCommandLine.Because($"{option} is {text}; it takes {range}.");
    }

    /// <summary>A length of time such as <c>90s</c>, <c>15m</c>, <c>12h</c>, <c>30d</c>; the default when it was not given.</summary>
    public Result<TimeSpan> Duration(string option, TimeSpan otherwise)
    {
        if (Text(option) is not { } text)
            return otherwise;
        return Configuration.Durations.TryParse(text, out var duration)
            ? duration
            : UsageProblems.BadCommandLine.Because($"{option} is {text}; it takes {Configuration.Durations.Allowed}.");
    }

    /// <summary>Says a refusal on standard error and gives the exit code for it.</summary>
    public int Refuse(Problem problem)
    {
        Error.WriteLine($"cityhub {Verb.Name}: {problem.Detail}");
        if (problem.Hint is { } hint)
            Error.WriteLine($"  {hint}");
        Error.WriteLine($"  More: cityhub explain {problem.Code}");
        return ReferenceEquals(problem.Kind, UsageProblems.BadCommandLine) || ReferenceEquals(problem.Kind, UsageProblems.BadConfiguration) ? Exit.Usage : Exit.Failed;
    }

    private void Declared(string option)
    {
        foreach (var known in Verb.Options)
            if (known.Name == option)
                return;
        throw new ArgumentException($"cityhub {Verb.Name} declares no option {option}.", nameof(option));
    }
}

internal static class UsageProblems
{
    public static readonly ProblemKind BadCommandLine = new("bad-command-line", "The command line was not understood", 400);
    public static readonly ProblemKind BadConfiguration = new("bad-configuration", "The configuration cannot be used", 400);
}
