using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Requests;

/// <summary>The responsibility list as a grant is held against it.</summary>
public interface IResponsibilities
{
    /// <summary>What the grant gives beyond its item of the list; null: nothing.</summary>
    Problem? Beyond(Grant grant);
}

/// <summary>Whether the pipeline can execute every obligation of a grant: asked when the grant is made, not when data are wanted.</summary>
public interface IGrantChecks
{
    Problem? Check(Grant grant, Dataset dataset);
}

/// <summary>When a grant was used last.</summary>
public interface IGrantUse
{
    /// <summary>Null: never.</summary>
    DateTimeOffset? LastUse(string grant);
}
