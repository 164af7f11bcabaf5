namespace CityHub.Sensing.Devices;

/// <summary>MQTT topic filters (MQTT 5.0, 4.7) as rules: what a device may publish to and subscribe to.</summary>
internal sealed class TopicFilter
{
    public const string Device = "{device}";
    private const int MostCharacters = 256;

    private readonly string[] _levels;

    private TopicFilter(string[] levels) => _levels = levels;

    /// <summary>What is wrong with a rule; null when nothing is.</summary>
    public static string? Check(string rule)
    {
        if (rule.Length is 0 or > MostCharacters)
            return $"it has {rule.Length} characters; a topic rule has 1 to {MostCharacters}";
        var levels = rule.Split('/');
        for (var i = 0; i < levels.Length; i++)
        {
            var level = levels[i];
            if (level.Contains('#', StringComparison.Ordinal) && (level != "#" || i < levels.Length - 1))
                return "# stands alone, at the end";
            if (level.Contains('+', StringComparison.Ordinal) && level != "+")
                return "+ stands for a whole level";
            if (level.Replace(Device, "", StringComparison.Ordinal).AsSpan().ContainsAny('{', '}'))
                return $"the only place to be filled is {Device}";
        }

        foreach (var c in rule)
            if (char.IsControl(c) || c is '\uFFFE' or '\uFFFF')
                return "it holds a control character";
        // $share/… and $SYS/… are the broker's own; no rule reaches them.
        return rule[0] == '$' ? "topics that begin with $ belong to the broker" : null;
    }

    public static TopicFilter Of(string rule, string device) => new(rule.Replace(Device, device, StringComparison.Ordinal).Split('/'));

    /// <summary>
    /// Whether everything that <paramref name="asked"/> (a topic, or a filter) stands for lies within this rule. A rule that begins with a wildcard does
    /// not reach topics that begin with $ (4.7.2).
    /// </summary>
    public bool Covers(ReadOnlySpan<char> asked)
    {
        if (asked.Length > 0 && asked[0] == '$')
            return false;
        var level = 0;
        while (true)
        {
            if (level == _levels.Length)
                return false;
            if (_levels[level] == "#")
                return true;
            var slash = asked.IndexOf('/');
            var part = slash < 0 ? asked : asked[..slash];
            // a/# covers a itself too (4.7.1.2); + covers neither # nor more than its level.
            if (part is "#" || !(_levels[level] == "+" || part.SequenceEqual(_levels[level])))
                return false;
            level++;
            if (slash < 0)
                return level == _levels.Length || (level == _levels.Length - 1 && _levels[level] == "#");
            asked = asked[(slash + 1)..];
        }
    }
}
