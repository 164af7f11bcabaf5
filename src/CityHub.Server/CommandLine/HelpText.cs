namespace CityHub.Server.CommandLine;

/// <summary>The texts behind <c>--help</c>.</summary>
internal static class HelpText
{
    public static void Write(TextWriter to, IReadOnlyList<IVerb> verbs, string version)
    {
        to.WriteLine($"CityHub (城枢) {version}: the software a smart city runs on.");
        to.WriteLine();
        to.WriteLine("Usage: cityhub <verb> [options]");
        to.WriteLine();
        var width = verbs.Max(v => v.Name.Length);
        foreach (var verb in verbs)
            to.WriteLine($"  {verb.Name.PadRight(width)}  {verb.Summary}");
        to.WriteLine();
        to.WriteLine("  cityhub demo                 a living city on http://127.0.0.1:8080 within a minute");
        to.WriteLine("  cityhub <verb> --help        options and examples of one verb");
        to.WriteLine("  cityhub --version");
    }

    public static void Write(TextWriter to, IVerb verb)
    {
        to.WriteLine($"cityhub {verb.Name}: {verb.Summary}.");
        to.WriteLine();
        to.WriteLine($"Usage: cityhub {verb.Name}{(verb.Arguments is null ? "" : " " + verb.Arguments)}{(verb.Options.Count == 0 ? "" : " [options]")}");
        to.WriteLine();
        List<(string Left, string Right)> lines = [.. verb.Options.Select(o => (Left(o), Right(o))), (CommandLineReader.Help.Name, CommandLineReader.Help.Help)];
        var width = lines.Max(l => l.Left.Length);
        foreach (var (left, right) in lines)
            to.WriteLine($"  {left.PadRight(width)}  {right}");
        if (verb.Examples.Count == 0)
            return;
        to.WriteLine();
        to.WriteLine("Examples:");
        foreach (var example in verb.Examples)
        {
            to.WriteLine($"  {example.CommandLine}");
            to.WriteLine($"      {example.Does}");
        }
    }

    private static string Left(Option option) => option.Value is null ? option.Name : $"{option.Name} {option.Value}";

    private static string Right(Option option)
    {
        var text = option.Help;
        if (option.Allowed.Count > 0)
            text += $"; one of {string.Join(", ", option.Allowed)}";
        if (option.Repeats)
            text += "; may be repeated";
        if (option.Key is not null)
            text += $" [{option.Key}]";
        return text;
    }
}
