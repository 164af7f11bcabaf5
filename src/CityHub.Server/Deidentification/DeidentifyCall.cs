using System.Globalization;
using System.Text.Json;
using CityHub.Crypto;
using CityHub.Privacy;
using CityHub.Server.CommandLine;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary>A command line of <c>cityhub deidentify</c>, read into the library's words. What it does not understand is refused as the library refuses: with the way forward.</summary>
internal sealed class DeidentifyCall(VerbCall call)
{
    public VerbCall Verb => call;

    public TextWriter Out => call.Out;

    public bool Json => call.Has(AsJson.Name);

    public bool Has(Option option) => call.Has(option.Name);

    public string? Text(Option option) => call.Text(option.Name);

    public string? PathOf(Option option) => call.Text(option.Name) is { } path ? call.Surroundings.PathOf(path) : null;

    /// <summary>The one file that the command is about.</summary>
    public string File => call.Arguments.Count == 2
        ? call.Surroundings.PathOf(call.Arguments[1])
        : throw new CommandLineException(call.Arguments.Count < 2 ? "Which file?" : "One file at a time.", $"cityhub deidentify {call.Arguments[0]} FILE");

    public IReadOnlyList<string> Names(Option option) => [.. call.All(option.Name).SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)];

    /// <summary>An option that the command would pass over is refused: whoever gave it relies on it.</summary>
    public void RequireKnownOptions()
    {
        if (call.Arguments.Count == 0 || !DeidentifyOptions.Of.TryGetValue(call.Arguments[0], out var known))
            return;
        foreach (var (name, _) in call.Options)
        {
            if (known.All(one => one.Name != name))
                throw new CommandLineException($"{call.Arguments[0]} does not take {name}.", known.Count == 0 ? null : $"It takes {string.Join(", ", known.Select(one => one.Name))}.");
        }

        if (call.Arguments[0] is "evaluate" or "report" && Has(Scheme))
        {
            foreach (var option in (ReadOnlySpan<Option>)[Quasi, Model, Limit, Hierarchies, HierarchyOf, DeidentifyOptions.Levels])
            {
                if (Has(option))
                    throw new CommandLineException($"{option.Name} and --scheme say the same thing twice.", "The scheme holds columns, models and limit: leave one of the two out.");
            }
        }
    }

    public void RequireDifferentFiles(params ReadOnlySpan<Option> options)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var option in options)
        {
            if (PathOf(option) is { } path && !seen.TryAdd(path, option.Name))
                throw new CommandLineException($"{option.Name} and {seen[path]} are the same file.");
        }
    }

    public IReadOnlyList<string> All(Option option) => call.All(option.Name);

    public char? SeparatorChar => call.Text(Separator.Name) switch { "tab" => '\t', { Length: 1 } one => one[0], _ => null };

    public IProgress<double>? Progress(string what) => call.Has(Quiet.Name) || Json ? null : new Progress(call.Error, call.Surroundings.Time, what);

    public Task<Table> ReadAsync(string path, CancellationToken cancel) => TableFile.ReadAsync(path, SeparatorChar, All(Null), Progress("reading"), cancel);

    /// <summary>Null where none is named.</summary>
    public async Task<Table?> ReadPopulationAsync(CancellationToken cancel) => PathOf(PopulationTable) is { } path ? await ReadAsync(path, cancel) : null;

    public string Required(Option option) => Text(option) ?? throw new CommandLineException($"{option.Name} is missing.", option.Help + ".");

    public double Share(Option option, double otherwise) => Text(option) is not { } text
        ? otherwise
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share : throw new CommandLineException($"{option.Name} is {text}; it takes a share between 0 and 1.");

    public int Count(Option option, int otherwise) => Text(option) is not { } text
        ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : throw new CommandLineException($"{option.Name} is {text}; it takes a whole number from 1 on.");

    public double? PopulationSize => Text(Population) is { } text
        ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var size) && size >= 1 ? size : throw new CommandLineException($"--population is {text}; it takes a number of people.")
        : null;

    public SharingType SharingType => Text(DeidentifyOptions.Sharing) switch { "controlled" => Privacy.SharingType.Controlled, "enclave" => Privacy.SharingType.Enclave, _ => Privacy.SharingType.Public };

    public ReleaseScope? Scope
    {
        get
        {
            // The name of a file would be another dataset next month, and everybody would get another pseudonym.
            return (Text(Dataset), Text(Purpose), Text(Receiver)) is ({ } dataset, { } purpose, { } receiver) ? new ReleaseScope(dataset, purpose, receiver) : null;
        }
    }

    public string DatasetName => Text(Dataset) ?? Path.GetFileNameWithoutExtension(File);

    /// <summary>The hierarchies of the quasi-identifiers, and of the sensitive attributes where there are some, for the models that need them.</summary>
    /// <param name="population">Its values are in the hierarchies that are built, too.</param>
    public IReadOnlyList<Hierarchy> ReadHierarchies(Table table, IReadOnlyList<string> quasi, Table? population = null)
    {
        if (quasi.Count == 0)
            throw new CommandLineException("--qi is missing: by which columns could a person be recognised?", "cityhub deidentify scan FILE suggests them.");
        var given = Pairs(HierarchyOf).ToDictionary(one => one.Name, one => one.Value, StringComparer.Ordinal);
        var prefix = PathOf(Hierarchies);
        var found = new List<Hierarchy>();
        foreach (var name in quasi)
        {
            var column = table[name];
            if (given.Remove(name, out var how))
                found.Add(Built(column, how, population));
            else if (prefix is not null && System.IO.File.Exists($"{prefix}{name}.csv"))
                found.Add(ReadHierarchy($"{prefix}{name}.csv", name));
            else
            {
                throw new PrivacyRefusal(
                    PrivacyCodes.HierarchyUnusable, prefix is null ? $"{name} has no hierarchy." : $"{name} has no hierarchy: there is no {Path.GetFileName(prefix)}{name}.csv.",
                    $"Give a file with --hierarchy {name}=FILE, or have one built: {name}=interval:5 for numbers, {name}=date, {name}=region, {name}=prefix, {name}=suppress.") { Column = name }.ToException();
            }
        }

        found.AddRange(given.Select(one => Built(table[one.Key], one.Value, population)));
        if (prefix is not null)
            found.AddRange(table.Columns.Where(one => !quasi.Contains(one.Name, StringComparer.Ordinal) && !given.ContainsKey(one.Name) && System.IO.File.Exists($"{prefix}{one.Name}.csv")).Select(one => ReadHierarchy($"{prefix}{one.Name}.csv", one.Name)));
        return found;
    }

    public IReadOnlyList<QuasiIdentifier> QuasiIdentifiers(IReadOnlyList<string> names, IReadOnlyList<Hierarchy> hierarchies)
    {
        var levels = Pairs(DeidentifyOptions.Levels).ToDictionary(one => one.Name, one => one.Value, StringComparer.Ordinal);
        var quasi = names.Select(name =>
        {
            var one = new QuasiIdentifier(hierarchies.First(hierarchy => hierarchy.Attribute == name));
            if (!levels.Remove(name, out var range))
                return one;
            var ends = range.Split("..");
            return ends.Length == 2 && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var least) && int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most) && least <= most
                ? one with { MinLevel = least, MaxLevel = most }
                : throw new CommandLineException($"--levels {name}={range}: a range of levels is written 0..2.");
        }).ToArray();
        return levels.Count == 0 ? quasi : throw new CommandLineException($"--levels names {levels.Keys.First()}, which is not in --qi.");
    }

    public IReadOnlyList<PrivacyModel> Models(IReadOnlyList<Hierarchy> hierarchies) => PrivacyModels.ParseAll(All(Model), hierarchies);

    /// <summary>What <c>--transform</c> and <c>--drop</c> say, in this order.</summary>
    public IReadOnlyList<Transform> Transforms()
    {
        var found = new List<Transform>();
        foreach (var text in All(DeidentifyOptions.Transform))
            found.AddRange(ReadTransforms(text.AsSpan().TrimStart() is ['{' or '[', ..] ? text : ReadText(call.Surroundings.PathOf(text))));
        if (Names(Drop) is { Count: > 0 } dropped)
            found.Add(new SuppressColumns([.. dropped]));
        return found;
    }

    public TransformContext Context(IEnumerable<Hierarchy> hierarchies, KeyRing keys) => new()
    {
        Scope = Scope,
        Entropy = new CryptoEntropy(),
        Keys = keys,
        Hierarchies = hierarchies.ToDictionary(one => one.Attribute, StringComparer.Ordinal),
    };

    /// <summary>The caller disposes it.</summary>
    public KeyRing ReadKeys()
    {
        var ring = new KeyRing();
        foreach (var (name, file) in Pairs(Key))
        {
            var colon = name.LastIndexOf(':');
            var version = 1;
            if (colon > 0 && !int.TryParse(name.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out version))
                throw new CommandLineException($"--key {name}={file}: a version is a number, as in person:2=FILE.");
            ring.Add(colon > 0 ? name[..colon] : name, version, SecretKeyFile.Read(call.Surroundings.PathOf(file)));
        }

        return ring;
    }

    public static string ReadText(string path)
    {
        try
        {
            return System.IO.File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandLineException($"{path} cannot be read: {e.Message}");
        }
    }

    private static IEnumerable<Transform> ReadTransforms(string json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new CommandLineException($"--transform is not JSON: {e.Message}", "cityhub deidentify transforms lists them.");
        }

        using (document)
        {
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.EnumerateArray().Select(one => TransformCodec.Read(one.GetRawText()))]
                : [TransformCodec.Read(document.RootElement.GetRawText())];
        }
    }

    /// <summary>The rule by which the hierarchy of a column is built; null where it is a file.</summary>
    public string? RuleOf(string name) => Pairs(HierarchyOf).FirstOrDefault(one => one.Name == name).Value is { } how && HierarchyRule.IsOne(how) ? how : null;

    private Hierarchy Built(Column column, string how, Table? population) => HierarchyRule.IsOne(how)
        ? HierarchyRule.Build(how, column.Name, population?.Find(column.Name) is { } more ? column.Values.Concat(more.Values) : column.Values)
        : ReadHierarchy(call.Surroundings.PathOf(how), column.Name);

    private static Hierarchy ReadHierarchy(string path, string attribute)
    {
        try
        {
            return HierarchyFile.Read(path, attribute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PrivacyException(new PrivacyRefusal(PrivacyCodes.HierarchyUnusable, $"The hierarchy of {attribute} cannot be read: {e.Message}", "Give a file, or interval:5, date, region, prefix or suppress.") { Column = attribute }, e);
        }
    }

    private IEnumerable<(string Name, string Value)> Pairs(Option option)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in All(option))
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new CommandLineException($"{option.Name} is {text}; it takes {option.Value}.");
            yield return seen.Add(text[..equals]) ? (text[..equals], text[(equals + 1)..]) : throw new CommandLineException($"{option.Name} is given twice for {text[..equals]}.");
        }
    }
}

/// <summary>The command line itself is wrong.</summary>
internal sealed class CommandLineException(string message, string? hint = null) : Exception(message)
{
    public string? Hint => hint;
}
