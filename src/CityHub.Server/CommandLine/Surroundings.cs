using System.Collections;

namespace CityHub.Server.CommandLine;

/// <summary>Everything outside the process that a verb may see; tests give their own.</summary>
internal sealed record Surroundings
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Environment variables.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Relative paths start here.</summary>
    public required string Folder { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal that can redraw a line (progress bars).</summary>
    public bool Interactive { get; init; }

    public static Surroundings OfThisProcess()
    {
        var environment = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
            if (entry is { Key: string key, Value: string value })
                environment[key] = value;
        return new Surroundings
        {
            Out = Console.Out,
            Error = Console.Error,
            Environment = environment,
            Folder = System.Environment.CurrentDirectory,
            Time = TimeProvider.System,
            Interactive = !Console.IsErrorRedirected,
        };
    }

    public string PathOf(string path) => Path.GetFullPath(path, Folder);
}
