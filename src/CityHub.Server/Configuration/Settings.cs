using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Server.CommandLine;

namespace CityHub.Server.Configuration;

/// <summary>One value as somebody wrote it.</summary>
/// <param name="Key">Dotted path in lower camel case as written, list items by number: <c>auth.issuers.0.url</c>.</param>
/// <param name="Origin">Where it was written, for the one who has to change it: <c>cityhub.json line 4</c>, <c>environment CITYHUB__DATA</c>, <c>--data</c>.</param>
internal sealed record Setting(string Key, string Value, string Origin);

/// <summary>
/// All values that were written, file first, then environment, then flags: the later wins, and a list is replaced as a whole.
/// Keys compare without case, since environment variables have none.
/// </summary>
internal sealed class Settings
{
    public const string Prefix = "CITYHUB__";

    private readonly Dictionary<string, Setting> _values = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<Setting> All => _values.Values.OrderBy(s => s.Key, StringComparer.OrdinalIgnoreCase);

    public Setting? Find(string key) => _values.GetValueOrDefault(key);

    /// <summary>The numbers under which a list has items, ascending.</summary>
    public IReadOnlyList<int> Items(string list)
    {
        var items = new SortedSet<int>();
        foreach (var key in _values.Keys)
            if (ItemOf(list, key) is { } item)
                items.Add(item);
        return [.. items];
    }

    public bool Any(string key) => _values.ContainsKey(key) || _values.Keys.Any(k => k.StartsWith(key + ".", StringComparison.OrdinalIgnoreCase));

    /// <summary>One layer over what is there: what it says about a list replaces all that was said about the list.</summary>
    public void Overlay(IReadOnlyList<Setting> layer)
    {
        foreach (var list in layer.Select(s => ListOf(s.Key)).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            foreach (var key in _values.Keys.Where(k => list is not null && ListOf(k) is { } other && other.Equals(list, StringComparison.OrdinalIgnoreCase)).ToList())
                _values.Remove(key);
        }

        foreach (var setting in layer)
        {
            // A list written as one value (`a;b` in the environment) replaces its items too.
            foreach (var key in _values.Keys.Where(k => ItemOf(setting.Key, k) is not null).ToList())
                _values.Remove(key);
            if (ListOf(setting.Key) is { } list)
                _values.Remove(list);
            _values[setting.Key] = setting;
        }
    }

    /// <summary>The file, flattened. JSON with comments and trailing commas.</summary>
    public static Result<IReadOnlyList<Setting>> OfFile(byte[] utf8, string name)
    {
        if (utf8.AsSpan().StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[3..];
        var settings = new List<Setting>();
        var path = new Stack<(string Key, int Item)>();
        string? property = null;
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        property = reader.GetString();
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        if (path.Count == 0 && reader.TokenType == JsonTokenType.StartArray)
                            return UsageProblems.BadConfiguration.Because($"{name} holds a list; it should hold an object {{ … }}.");
                        path.Push((Here(), reader.TokenType == JsonTokenType.StartArray ? 0 : -1));
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        path.Pop();
                        break;
                    case JsonTokenType.Null:
                        Here();
                        break;
                    default:
                        if (path.Count == 0)
                            return UsageProblems.BadConfiguration.Because($"{name} holds a single value; it should hold an object {{ … }}.");
                        var value = reader.TokenType == JsonTokenType.String ? reader.GetString() ?? "" : Encoding.UTF8.GetString(reader.ValueSpan);
                        var line = 1 + utf8.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n');
                        settings.Add(new Setting(Here(), value, string.Create(CultureInfo.InvariantCulture, $"{name} line {line}")));
                        break;
                }
            }
        }
        catch (JsonException e)
        {
            return UsageProblems.BadConfiguration.Because($"{name} is not JSON at line {e.LineNumber + 1}: {e.Message.Split(" LineNumber", 2)[0]}");
        }

        return settings;

        string Here()
        {
            if (path.Count == 0)
                return "";
            var (key, item) = path.Pop();
            var last = item >= 0 ? item.ToString(CultureInfo.InvariantCulture) : property ?? "";
            path.Push((key, item >= 0 ? item + 1 : item));
            return key.Length == 0 ? last : $"{key}.{last}";
        }
    }

    /// <summary>The variables <c>CITYHUB__HTTP__URLS</c> and so on.</summary>
    public static IReadOnlyList<Setting> OfEnvironment(IReadOnlyDictionary<string, string> environment) =>
    [
        .. environment.Where(e => e.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            .OrderBy(e => e.Key, StringComparer.Ordinal)
            .Select(e => new Setting(e.Key[Prefix.Length..].Replace("__", ".", StringComparison.Ordinal), e.Value, $"environment {e.Key}")),
    ];

    /// <summary>The options that name a key, and <c>--set key=value</c>.</summary>
    public static Result<IReadOnlyList<Setting>> OfOptions(VerbCall call)
    {
        var settings = new List<Setting>();
        foreach (var (name, value) in call.Options)
        {
            if (name == ConfigOptions.Set.Name)
            {
                var equals = value.IndexOf('=', StringComparison.Ordinal);
                if (equals <= 0)
                    return UsageProblems.BadCommandLine.Because($"--set is {value}; it takes KEY=VALUE.", "For example: --set limits.body=32MiB");
                settings.Add(new Setting(value[..equals], value[(equals + 1)..], $"--set {value[..equals]}"));
            }
            else if (call.Verb.Options.First(o => o.Name == name).Key is { } key)
            {
                settings.Add(new Setting(key, value, name));
            }
        }

        return settings;
    }

    /// <summary><c>a.b</c> for <c>a.b.0.c</c>; null when the key has no number in it.</summary>
    private static string? ListOf(string key)
    {
        var parts = key.Split('.');
        var at = Array.FindIndex(parts, p => p.Length > 0 && p.All(char.IsAsciiDigit));
        return at <= 0 ? null : string.Join('.', parts[..at]);
    }

    private static int? ItemOf(string list, string key)
    {
        if (key.Length <= list.Length + 1 || key[list.Length] != '.' || !key.StartsWith(list, StringComparison.OrdinalIgnoreCase))
            return null;
        var rest = key.AsSpan(list.Length + 1);
        var dot = rest.IndexOf('.');
        return int.TryParse(dot < 0 ? rest : rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var item) ? item : null;
    }
}
