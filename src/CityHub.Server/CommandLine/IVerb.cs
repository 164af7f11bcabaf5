namespace CityHub.Server.CommandLine;

/// <summary>One thing the executable can do: <c>cityhub {Name} …</c>. A verb is one file in Verbs/ and one line in <see cref="Program.AllVerbs"/>.</summary>
internal interface IVerb
{
    string Name { get; }

    /// <summary>One line for the list of verbs, without a full stop.</summary>
    string Summary { get; }

    /// <summary>The words after the verb, for the usage line: <c>&lt;problem-code&gt;</c>, <c>FILE...</c>; null when it takes none.</summary>
    string? Arguments => null;

    IReadOnlyList<Option> Options { get; }

    /// <summary>Command lines that work as they stand, each with what it does; shown by <c>--help</c>.</summary>
    IReadOnlyList<Example> Examples { get; }

    /// <returns>The exit code: <see cref="Exit"/>.</returns>
    Task<int> RunAsync(VerbCall call, CancellationToken cancel);
}

internal sealed record Example(string CommandLine, string Does);

/// <summary>Exit codes, the same for every verb.</summary>
internal static class Exit
{
    public const int Done = 0;

    /// <summary>It was understood and refused, or went wrong.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration was not understood.</summary>
    public const int Usage = 2;

    /// <summary>It was done, except for parts that were refused and said.</summary>
    public const int Partly = 3;
}

/// <summary>One option of a verb. Without <see cref="Value"/> it is a switch.</summary>
/// <param name="Name">With its dashes: <c>--data</c>.</param>
/// <param name="Help">What it does, without a full stop.</param>
internal sealed record Option(string Name, string Help)
{
    /// <summary>What stands after it, for the help: <c>DIR</c>; null for a switch.</summary>
    public string? Value { get; init; }

    /// <summary>The configuration key that it sets, if it is only another way of setting one.</summary>
    public string? Key { get; init; }

    /// <summary>May be given more than once.</summary>
    public bool Repeats { get; init; }

    /// <summary>The only values allowed; empty: any.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];
}
