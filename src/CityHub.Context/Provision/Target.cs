using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Provision;

/// <summary>The optional type selector of the operations on one entity (5.6.2.3 and its like): another type is as if it were not there.</summary>
internal readonly record struct Target(TypeSelection? Types)
{
    public static Result<Target> Parse(HttpContext http, LdContext context)
    {
        if (!http.Request.Query.TryGetValue("type", out var values) || values.ToString() is not { Length: > 0 } text)
            return new Target(null);
        return TypeSelection.Parse(text, context).Map(types => new Target(types));
    }

    public Result<Entity> Find(Known known, string id) => known.Find(id) is { } entity && (Types is null || Types.Matches(entity.Types))
        ? entity
        : Missing(id, Types is not null);

    public static Problem Missing(string id, bool typed) => ContextProblems.ResourceNotFound.Because($"There is no entity {id}{(typed ? " of that type" : "")}.");
}
