namespace CityHub.Sharing.Access;

/// <summary>What one grant is asked, in this order. A grant permits when it passes all of them: two grants that pass half each permit nothing.</summary>
internal enum GrantTest
{
    State,
    Validity,
    Right,
    Mode,
    Purpose,
    Fields,
    Area,
    Period,
}
