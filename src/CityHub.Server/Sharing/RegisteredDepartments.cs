using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;

namespace CityHub.Server.Sharing;

/// <summary>The departments as requests see them.</summary>
internal sealed class RegisteredDepartments(IParties parties) : IDepartments
{
    public Department? Find(string id) => parties.Find(id);

    /// <summary>The department of whoever is the authority; empty while the register is.</summary>
    public string Authority => parties.With(Roles.Authority).Select(p => parties.CallerOf(p).Department).FirstOrDefault(d => d is not null) ?? "";
}
