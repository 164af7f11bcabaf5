using CityHub.Core.Problems;
using CityHub.Core.Tables;
using Microsoft.AspNetCore.Http;

namespace CityHub.Standards;

/// <summary>Whose a mapping or a set of rules is: the dataset's, or a department's where it is for several of its datasets. One of the two is said.</summary>
internal readonly record struct Owner(string? Dataset, string? Department);

internal interface IOwned
{
    Owner Owner { get; }
}

/// <summary>A look into another dataset, on behalf of a department.</summary>
/// <param name="Purpose">For which; a grant has to cover it where the dataset is another department's.</param>
internal sealed record Lookup(string Department, string Dataset, string? Purpose);

/// <summary>Who may do what with mappings and rules: the hub knows the people, the departments, and what was granted.</summary>
internal interface IOwners
{
    /// <summary>Who asks, for the record.</summary>
    string NameOf(HttpContext http);

    /// <summary>Null: he may change what this owner has.</summary>
    Problem? MayChange(HttpContext http, Owner owner);

    bool Sees(HttpContext http, Owner owner);

    /// <summary>The columns of a dataset; for whoever may not know of it there is none.</summary>
    Result<TableSchema> SchemaOf(HttpContext http, string dataset);

    /// <summary>The department: the provider of a dataset; null: there is none.</summary>
    string? DepartmentOf(Owner owner);

    /// <summary>Null: the department may look at these fields: its own, or granted whole and as they are.</summary>
    Problem? MayLook(Lookup look, IReadOnlyList<string> fields);
}
