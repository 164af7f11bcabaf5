using CityHub.Core.Problems;

namespace CityHub.Context.Query;

/// <summary>Clause 4.19: scopes with <c>+</c> (one level) and <c>#</c> (this and everything below), <c>;</c> and, <c>|</c> or <c>,</c> or.</summary>
public sealed class ScopeQuery
{
    private const int MostTerms = 100;

    private readonly string[][][] _anyOfAll;

    private ScopeQuery(string[][][] anyOfAll) => _anyOfAll = anyOfAll;

    public static Result<ScopeQuery> Parse(string text)
    {
        var any = text.Split('|', ',');
        var parsed = new string[any.Length][][];
        var terms = 0;
        for (var i = 0; i < any.Length; i++)
        {
            var all = any[i].Trim('(', ')').Split(';');
            parsed[i] = new string[all.Length][];
            for (var j = 0; j < all.Length; j++)
            {
                var scope = all[j].Trim('(', ')').TrimStart('/');
                if (scope.Length == 0 || ++terms > MostTerms)
                    return ContextProblems.BadRequestData.Because($"scopeQ cannot be read: \"{text}\".", rule: "ETSI GS CIM 009, 4.19");
                parsed[i][j] = scope.Split('/');
                var wild = Array.IndexOf(parsed[i][j], "#");
                if (wild >= 0 && wild != parsed[i][j].Length - 1)
                    return ContextProblems.BadRequestData.Because($"scopeQ cannot be read: # stands only at the end (\"{text}\").", rule: "ETSI GS CIM 009, 4.19");
            }
        }

        return new ScopeQuery(parsed);
    }

    public bool Matches(string[] scopes)
    {
        foreach (var all in _anyOfAll)
            if (Array.TrueForAll(all, pattern => Array.Exists(scopes, scope => Matches(pattern, scope))))
                return true;
        return false;
    }

    private static bool Matches(string[] pattern, string scope)
    {
        var levels = scope.TrimStart('/').Split('/');
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == "#")
                return true;
            if (i >= levels.Length || (pattern[i] != "+" && pattern[i] != levels[i]))
                return false;
        }

        return pattern.Length == levels.Length;
    }
}
